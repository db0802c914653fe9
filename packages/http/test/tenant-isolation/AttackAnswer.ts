/**
 * Makes an attack and answers what came of it, twice: as it was, and with the names of its world taken out, so that two
 * worlds can be compared.
 */

import type { Service } from "../Service.ts"
import { attacks, credentials, type World } from "./Attacks.ts"

export interface Attempt {
  readonly attack: { readonly operation: string; readonly index: number }
  /** Which of the credentials. */
  readonly credential: number
  /** Whether the target's idempotency key is sent. */
  readonly idempotent: boolean
  /** Whether a GET is made a HEAD. */
  readonly head: boolean
}

interface Outcome {
  /** All that was sent, and all that came back, as text. */
  readonly sent: string
  readonly text: string
  /** What must be alike in both worlds: the whole answer. */
  readonly normal: { readonly status: number; readonly headers: ReadonlyArray<string>; readonly body: string }
}

export const makeAttack = async (service: Service, world: World, attempt: Attempt): Promise<Outcome> => {
  const { operation, index } = attempt.attack
  const attack = attacks[operation]?.[index]
  const credential = credentials[attempt.credential]
  if (attack === undefined || credential === undefined) throw new Error(`there is no attack ${operation} ${index}`)
  const { path, headers = {}, body, form } = attack(world)
  const [given = ""] = operation.split(" ")
  const method = given === "GET" && attempt.head ? "HEAD" : given
  const type = operation.includes("/v1/email-addresses") ? "application/vnd.api+json" : "application/json"
  const request = {
    method,
    headers: {
      ...(operation.includes("/verify/") ? {} : credential(operation, world)),
      ...(form === undefined ? { "content-type": type } : {}),
      ...(attempt.idempotent ? { "idempotency-key": world.target.idempotencyKey } : {}),
      ...headers
    },
    ...(form !== undefined
      ? { body: new URLSearchParams(form) }
      : body !== undefined
        ? { body: JSON.stringify(body) }
        : {})
  }
  const answer = await service.send(path, request)
  const received = await answer.text()
  const allHeaders = [...answer.headers].map(([name, value]) => `${name}: ${value}`)
  const normalise = normaliserOf(world)
  return {
    sent: `${path} ${JSON.stringify(request.headers)} ${form === undefined ? JSON.stringify(body) : new URLSearchParams(form)}`,
    text: [...allHeaders, received].join("\n"),
    normal: {
      status: answer.status,
      headers: allHeaders.filter((header) => !differing(operation).test(header)).map(normalise),
      body: operation === "GET /metrics" ? "" : normalise(received)
    }
  }
}

/** Headers that differ by nature. The numbers of senders are not all as long as each other, and neither are figures. */
const differing = (operation: string) =>
  ["GET /metrics", "GET /sender/list"].includes(operation)
    ? /^(?:date|x-correlation-id|content-length):/
    : /^(?:date|x-correlation-id):/

/**
 * The names of a world become what they stand for; ids that were made meanwhile become numbers, in the order in which
 * they appear.
 */
const normaliserOf = ({ own, target }: World) => {
  const known = new Map(
    [own, target].flatMap((names, which) =>
      Object.entries(names).map(
        ([name, value]) => [value.toLowerCase(), `<${which === 0 ? "own" : "target"} ${name}>`] as const
      )
    )
  )
  const longestFirst = [...known.keys()].sort((a, b) => b.length - a.length).map((text) => RegExp.escape(text))
  const names = new RegExp(longestFirst.join("|"), "gi")
  return (text: string): string => {
    const ids = new Map<string, string>()
    const numbered = (id: string) => {
      const number = ids.get(id) ?? `<id ${ids.size}>`
      ids.set(id, number)
      return number
    }
    return text
      .replaceAll(names, (name) => known.get(name.toLowerCase()) ?? "")
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, numbered)
      .replaceAll(/\b[a-z2-7]{32}\b/g, numbered)
      .replaceAll(/"sender_id":"\d+"/g, '"sender_id":"<number>"')
      .replaceAll(/(cursor=|"next":")[\w-]{22}/g, "$1<cursor>")
      .replaceAll(/(countersign_nonce=|name="nonce" value=")[\w-]+/g, "$1<nonce>")
  }
}
