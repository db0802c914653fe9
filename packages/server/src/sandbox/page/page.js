// The sandbox's page. It reads the sandbox's JSON once a second and shows it; what it changes goes through the same
// endpoints that a program would use. Everything from outside becomes text (textContent), never markup.
;(() => {
  const byId = (id) => document.getElementById(id)
  const linkPattern = /https?:\/\/[^\s"<>]+\/verify\/[A-Za-z0-9_-]{92}(?![A-Za-z0-9_-])/
  const shown = new Map()
  let access

  const say = (text, bad = false) => {
    byId("say").textContent = text
    byId("say").className = bad ? "bad" : ""
  }

  /** An element with properties and children; strings become text. */
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties)
    element.append(...children.filter((child) => child !== undefined))
    return element
  }

  /** `key` finds the element again after the part of the page that it is in was made anew. */
  const keyed = (element, key) => {
    element.dataset.key = key
    return element
  }

  const button = (key, text, act, className = "") =>
    keyed(
      make("button", {
        type: "button",
        textContent: text,
        className,
        onclick: () => void attempt(act)
      }),
      key
    )

  const openLink = (key, href, className = "button") =>
    keyed(
      make("a", { href, target: "_blank", rel: "noopener noreferrer", className, textContent: "Open the link" }),
      key
    )

  const call = async (method, path, body, headers = {}) => {
    const init = { method, headers }
    if (body !== undefined) {
      init.body = JSON.stringify(body)
      init.headers = { ...headers, "content-type": "application/json" }
    }
    const response = await fetch(path, init)
    const answer = await response.json()
    if (!response.ok)
      throw new Error(answer.detail ?? answer.error?.message ?? `The server answered ${response.status}.`)
    return answer
  }

  const attempt = async (act) => {
    try {
      await act()
    } catch (cause) {
      say(cause.message, true)
    }
    await refresh()
  }

  const recordPath = (name) => `/sandbox/dns/${encodeURIComponent(name)}`

  const publish = async (records) => {
    for (const { name, type, value } of records) await call("PUT", recordPath(name), { type, value })
    say(`${records.length} records published.`)
  }

  const unpublish = async (names) => {
    for (const name of names) await call("DELETE", recordPath(name))
    say(names.length === 1 ? "The record was removed." : `${names.length} records removed.`)
  }

  const linkOf = (message) => linkPattern.exec(message.text)?.[0]

  /** The newest mailed link of an address; domains compare in lower case, local parts as typed. */
  const linkFor = (address, messages) => {
    const message = messages.find(
      ({ to, text }) => linkPattern.test(text) && (to.includes(address) || text.includes(address))
    )
    return message === undefined ? undefined : linkOf(message)
  }

  const statusWords = {
    pending: "pending",
    "email-verified": "mailbox confirmed",
    "domain-verified": "domain verified",
    active: "active"
  }

  const senderCard = (sender, messages, published) => {
    const missing = sender.records.filter(({ name, type, value }) => !published.has(`${type} ${name} ${value}`))
    const link = sender.mailbox === "pending" ? linkFor(sender.address, messages) : undefined
    const there = sender.records.filter(({ name }) => published.has(name))
    return make(
      "article",
      { className: "card" },
      make(
        "div",
        { className: "head" },
        make("h3", { textContent: sender.address }),
        make("span", { className: `status ${sender.status}`, textContent: statusWords[sender.status] ?? sender.status })
      ),
      make("div", {
        className: "soft",
        textContent:
          sender.owner === "account"
            ? "of the account"
            : sender.ofDemo
              ? "of the organization"
              : "of another organization"
      }),
      sender.status === "active" ? make("p", { textContent: "May send now." }) : undefined,
      make("ul", {}, ...sender.blockers.map(({ message }) => make("li", { textContent: message }))),
      sender.status !== "active" && sender.findings.length > 0
        ? keyed(
            make(
              "details",
              {},
              make("summary", { textContent: `What the DNS says (${sender.findings.length})` }),
              make(
                "ul",
                {},
                ...sender.findings.map(({ message, fix }) => make("li", { textContent: `${message} ${fix}` }))
              )
            ),
            `findings ${sender.id}`
          )
        : undefined,
      keyed(
        make(
          "details",
          {},
          make("summary", { textContent: `DNS records to publish (${sender.records.length})` }),
          make("pre", { textContent: sender.records.map((r) => `${r.name} ${r.type} ${r.value}`).join("\n") })
        ),
        `records ${sender.id}`
      ),
      make(
        "div",
        { className: "acts" },
        link === undefined ? undefined : openLink(`confirm ${sender.id}`, link, "button main"),
        missing.length === 0
          ? undefined
          : button(`publish ${sender.id}`, "Publish all records", () => publish(sender.records), "main"),
        there.length === 0
          ? undefined
          : button(`unpublish ${sender.id}`, "Remove its records", () => unpublish(there.map(({ name }) => name)))
      )
    )
  }

  /** What the receiver says of a mail, in the words of RFC 8601. */
  const verdict = (authentication) =>
    make(
      "p",
      { className: "verdict" },
      ...["dkim", "dmarc", "spf"].map((method) => {
        const result = authentication[method]
        const word = result === "pass" ? "pass" : result === "none" ? "soft" : "bad"
        return make("span", { className: word, textContent: `${method}=${result}` })
      })
    )

  const messageCard = (message, index) => {
    const link = linkOf(message)
    const details = keyed(
      make(
        "details",
        { open: index === 0 },
        make("summary", { textContent: message.subject === "" ? "(no subject)" : message.subject }),
        make("pre", { textContent: message.text.trim() })
      ),
      `message ${message.id}`
    )
    return make(
      "article",
      { className: "card" },
      make(
        "div",
        { className: "head" },
        make("h3", { textContent: `To ${message.to.join(", ")}` }),
        make("time", {
          className: "soft",
          dateTime: message.receivedAt,
          textContent: new Date(message.receivedAt).toLocaleTimeString()
        })
      ),
      message.authentication === null ? undefined : verdict(message.authentication),
      details,
      keyed(
        make(
          "details",
          {},
          make("summary", { textContent: "As it arrived" }),
          make("pre", { textContent: message.raw })
        ),
        `raw ${message.id}`
      ),
      link === undefined ? undefined : make("div", { className: "acts" }, openLink(`link ${message.id}`, link))
    )
  }

  const recordCard = ({ name, type, value }) =>
    make(
      "div",
      { className: "card record" },
      make("code", { textContent: `${name} ${type} ${value}` }),
      Object.assign(
        button(`remove ${type} ${name} ${value}`, "Remove", () => unpublish([name])),
        { ariaLabel: `Remove the records of ${name}` }
      )
    )

  /** Makes a part of the page anew when what it shows has changed; what was open stays open, and the focus where it is. */
  const show = (id, data, children, none) => {
    const text = JSON.stringify(data)
    if (shown.get(id) === text) return
    shown.set(id, text)
    const place = byId(id)
    const open = new Map([...place.querySelectorAll("details")].map((each) => [each.dataset.key, each.open]))
    const focused = place.contains(document.activeElement)
      ? (document.activeElement.closest("[data-key]")?.dataset.key ?? "")
      : undefined
    const made = children()
    place.replaceChildren(...(made.length > 0 ? made : [make("p", { className: "none", textContent: none })]))
    for (const each of place.querySelectorAll("details")) each.open = open.get(each.dataset.key) ?? each.open
    if (focused === undefined) return
    const again = [...place.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused)
    const target = again?.tagName === "DETAILS" ? again.querySelector("summary") : again
    if (target) target.focus()
    else {
      place.tabIndex = -1
      place.focus()
    }
  }

  const read = async () => {
    access ??= await call("GET", "/sandbox.json")
    const [{ senders }, { messages }, { records }] = await Promise.all([
      call("GET", "/sandbox/senders.json"),
      call("GET", "/sandbox/inbox.json"),
      call("GET", "/sandbox/dns.json")
    ])
    const published = new Set(records.flatMap(({ name, type, value }) => [name, `${type} ${name} ${value}`]))
    byId("servers").textContent = `SMTP ${access.smtp} · DNS ${access.dns} · relay ${access.relay}`
    show(
      "senders",
      [senders, messages, records],
      () => senders.map((sender) => senderCard(sender, messages, published)),
      "No sender yet: add one above."
    )
    show("inbox", messages, () => messages.map(messageCard), "No mail yet.")
    show("zone", records, () => records.map(recordCard), "No records yet. Every look-up answers “no such name”.")
  }

  let offline = false
  const refresh = async () => {
    try {
      await read()
      if (offline) say("")
      offline = false
    } catch {
      // The next turn tries again; a restarted sandbox has another access token.
      access = undefined
      offline = true
      say("The sandbox does not answer. Is it still running?", true)
    }
  }

  byId("add").addEventListener("submit", (event) => {
    event.preventDefault()
    void attempt(async () => {
      access ??= await call("GET", "/sandbox.json")
      const form = new FormData(event.target)
      const path =
        form.get("owner") === "organization"
          ? `/v1/organizations/${encodeURIComponent(access.organization.id)}/email-address`
          : "/v1/email-address"
      const email = form.get("email").trim()
      await call("POST", path, { email }, { "x-access-token": access.accessToken })
      say(`${email} is added; its mail is on the way.`)
    })
  })

  const loop = async () => {
    if (!document.hidden) await refresh()
    setTimeout(loop, 1000)
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void refresh()
  })
  void loop()
})()
