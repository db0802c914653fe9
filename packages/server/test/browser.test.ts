import { accessSync, constants } from "node:fs"
import { createTransport } from "nodemailer"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { until } from "./Program.ts"
import { startSandbox } from "./Sandbox.ts"

const browserPath = "/usr/bin/chromium"

const isThere = (): boolean => {
  try {
    accessSync(browserPath, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(":") + 1))

/** How far the page is wider than its window. */
const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

if (!isThere()) it.todo(`NOT TESTED: the pages in a browser, because there is none at ${browserPath}`)

describe.runIf(isThere())("the pages, in a browser", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: browserPath, args: flags })
  }, 60_000)
  afterAll(() => browser.close())

  /** A page that notes what went wrong in it. */
  const open = async (
    url: string,
    width: number,
    path = "/sandbox"
  ): Promise<{ readonly page: Page; readonly troubles: Array<string> }> => {
    const context = await browser.newContext({ viewport: { width, height: 900 } })
    const page = await context.newPage()
    const troubles: Array<string> = []
    page.on("pageerror", (error) => troubles.push(error.message))
    page.on("console", (message) => {
      if (message.type() === "error") troubles.push(message.text())
    })
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) troubles.push(`asks ${request.url()}`)
    })
    await page.goto(`${url}${path}`)
    return { page, troubles }
  }

  it("walks the whole road by clicking", async () => {
    const { url, overview } = await startSandbox()
    const { page, troubles } = await open(url, 900)
    await page.getByLabel("Address").fill("grace@shop.example")
    await page.getByRole("button", { name: "Add sender" }).click()
    await page.getByText("pending", { exact: true }).waitFor()

    const [confirmation] = await Promise.all([
      page.waitForEvent("popup"),
      page.getByRole("link", { name: "Open the link" }).first().click()
    ])
    await confirmation.getByRole("button").first().click()
    await page.bringToFront()
    await page.getByText("mailbox confirmed", { exact: true }).waitFor()

    await page.getByRole("button", { name: "Publish all records" }).click()
    await page.getByText("active", { exact: true }).waitFor()
    const records = page.getByRole("button", { name: /^Remove the records of \w+\._domainkey/ })
    expect(await records.count()).toBe(3)

    const auth = { user: overview.account.id, pass: overview.accessToken }
    const relay = createTransport({ host: "127.0.0.1", port: portOf(overview.relay), ignoreTLS: true, auth })
    const invoice = { from: "grace@shop.example", to: "c@d.example", subject: "Invoice", text: "Thank you." }
    await until("a signed mail", () => relay.sendMail(invoice).catch(() => undefined))
    const mail = page.locator("#inbox article").first()
    await mail.getByText("dkim=pass").waitFor()
    await mail.getByText("dmarc=pass").waitFor()
    await mail.getByText("As it arrived").click()
    await mail.getByText("DKIM-Signature: v=1").waitFor()
    expect(await page.evaluate(overflow)).toBe(0)

    await page.getByRole("button", { name: "Remove its records" }).click()
    await records.first().waitFor({ state: "detached" })
    expect(await records.count()).toBe(0)
    expect(troubles).toEqual([])
  })

  it("shows as text what an address or a mail brings with it, and fits a phone", async () => {
    const { url, overview } = await startSandbox()
    const { page, troubles } = await open(url, 360)
    await page.getByLabel("Address").fill("no address")
    await page.getByRole("button", { name: "Add sender" }).click()
    await page.locator("#say.bad").waitFor()

    const client = createTransport({ host: "127.0.0.1", port: portOf(overview.smtp), ignoreTLS: true })
    const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    await client.sendMail({
      from: "a@b.example",
      to: "c@d.example",
      subject: evil,
      text: `${evil} ${"long".repeat(80)}`
    })
    client.close()
    await page.getByText(evil).first().waitFor()
    await page.getByLabel("For").selectOption("organization")
    await page.getByLabel("Address").fill(`${"long.".repeat(9)}name@${"long-".repeat(8)}name.example`)
    await page.getByRole("button", { name: "Add sender" }).click()
    await page.locator("#senders").getByText("of the organization").waitFor()
    await page.getByRole("link", { name: "Open the link" }).first().waitFor()
    expect(await page.title()).toBe("Countersign sandbox")
    expect(await page.locator("main img, main script").count()).toBe(0)
    expect(await page.evaluate(overflow)).toBe(0)
    // The one refused POST is the only thing that the browser complains about.
    expect(troubles.filter((trouble) => !trouble.includes("422"))).toEqual([])
  })

  it.each([1280, 390])(
    "reads the API on /docs, %d pixels wide, in every dialect",
    { timeout: 60_000 },
    async (width) => {
      const { url } = await startSandbox()
      const { page, troubles } = await open(url, width, "/docs")
      const asked: Array<string> = []
      page.on("request", (request) => asked.push(request.url()))
      for (const dialect of ["Native", "Space Invoices", "OpenTransact", "Sendmachine"]) {
        await page
          .getByRole("heading", { name: `${dialect}:` })
          .first()
          .waitFor()
      }
      expect(await page.locator(".api-reference-toolbar:visible, .open-api-client-button:visible").count()).toBe(0)
      expect(await page.evaluate(overflow)).toBe(0)
      expect(troubles).toEqual([])
    }
  )
})
