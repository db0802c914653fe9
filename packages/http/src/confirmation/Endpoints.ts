/**
 * The confirmation page: GET shows what a link is for and changes nothing, POST confirms or declines.
 *
 * Link scanners fetch every link of a mail, and some run its scripts: so there is no script, and only a form that comes
 * from this page (its nonce equals a SameSite=Strict, HttpOnly cookie) has an effect.
 */
import { timingSafeEqual } from "node:crypto"
import { type LinkView, Senders, Settings } from "@countersign/engine"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Owner } from "../Dialect.ts"
import { type Failure, retryAfter, retryAfterSeconds } from "../Failure.ts"
import { problemOwner } from "../ProblemResponse.ts"
import { form, type RequestBody, readBody } from "../RequestBody.ts"
import { json, plainHeaders } from "../Responses.ts"
import { type Exchange, type Route, routesOf } from "../Route.ts"
import { prefersJson } from "./AcceptHeader.ts"
import { ConfirmationGroup } from "./Definition.ts"
import { Nonces } from "./Nonces.ts"
import { alreadyVerifiedPage, confirmedPage, declinedPage, questionPage, refusedPage, unavailablePage } from "./Page.ts"
import { policy } from "./Style.ts"

const cookieName = "countersign_nonce"

/** What every answer of the page carries. */
export const confirmationHeaders = {
  ...plainHeaders,
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
  "content-security-policy": policy,
  vary: "accept, cookie"
}

/** Nothing else lies at `/verify`, so what is wrong there is answered as carefully as the page itself. */
export const pageOwner: Owner = {
  owns: ["/verify"],
  failure: (failure, correlation) =>
    HttpServerResponse.setHeaders(problemOwner.failure(failure, correlation), confirmationHeaders)
}

const show = (content: string, status = 200): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(content, { status, contentType: "text/html; charset=utf-8", headers: confirmationHeaders })

export const confirmationRoutes: Effect.Effect<ReadonlyArray<Route>, never, Senders | Settings> = Effect.gen(
  function* () {
    const senders = yield* Senders
    const { publicUrl } = yield* Settings
    const nonces = yield* Nonces
    const home = new URL(publicUrl)
    // The page may be mounted below a prefix: the cookie belongs to it and to nothing else on the host.
    const cookie = `Path=${home.pathname.replace(/\/$/, "")}/verify; HttpOnly; SameSite=Strict${home.protocol === "https:" ? "; Secure" : ""}`

    /** The page with its buttons. A nonce that the browser has already stays, so that a second tab spoils nothing. */
    const showQuestion = (
      exchange: Exchange,
      link: LinkView,
      problem?: { readonly status: number; readonly text: string }
    ) => {
      const nonce = nonceOf(exchange) ?? nonces.next()
      return HttpServerResponse.setHeader(
        show(questionPage(link, nonce, problem?.text), problem?.status),
        "set-cookie",
        `${cookieName}=${nonce}; ${cookie}`
      )
    }

    const page = (exchange: Exchange) =>
      Effect.map(readLink(exchange), (link) => {
        if (prefersJson(exchange.request.headers.accept)) {
          return HttpServerResponse.setHeaders(json(link), confirmationHeaders)
        }
        return link.state === "verified" ? show(alreadyVerifiedPage(link)) : showQuestion(exchange, link)
      })

    const answer = Effect.fnUntraced(function* (exchange: Exchange) {
      const { members } = yield* readBody(exchange.request, [form])
      const problem = problemOf(exchange, members)
      if (problem !== undefined) {
        const link = yield* readLink(exchange)
        return link.state === "verified" && problem.status === 400
          ? show(alreadyVerifiedPage(link))
          : showQuestion(exchange, link, problem)
      }
      const input = { token: tokenOf(exchange), correlation: exchange.correlation }
      const link = yield* members.action === "confirm" ? senders.confirm(input) : senders.decline(input)
      if (link.state === "declined") return show(declinedPage(link))
      return show(link.changed ? confirmedPage(link) : alreadyVerifiedPage(link))
    })

    /** Why the form does nothing, if so. */
    const problemOf = (exchange: Exchange, { nonce, action }: RequestBody["members"]) => {
      const { origin } = exchange.request.headers
      // A no-referrer page sends `null`; the nonce tells it from a foreign page that sends the same.
      if (origin !== undefined && origin !== "null" && origin !== home.origin) {
        return { status: 403, text: "The form was not sent from this page. Press the button here." }
      }
      if (!equal(nonce, nonceOf(exchange))) {
        const text = "This page was open for too long, or cookies are switched off. Press the button again."
        return { status: 403, text }
      }
      return action === "confirm" || action === "decline"
        ? undefined
        : { status: 400, text: "Press one of the two buttons." }
    }

    const readLink = (exchange: Exchange) => senders.readLink({ token: tokenOf(exchange) })

    return routesOf(ConfirmationGroup, {
      verificationPage: (exchange) => asPage(page(exchange), prefersJson(exchange.request.headers.accept)),
      answerVerification: (exchange) => asPage(answer(exchange), false)
    })
  }
)

/** A person reads a page, not a problem document, when the link or the storage is to blame. */
const asPage = (answer: Effect.Effect<HttpServerResponse.HttpServerResponse, Failure>, asJson: boolean) =>
  asJson
    ? answer
    : Effect.catchTags(answer, {
        LinkRefused: (refused) => Effect.succeed(show(refusedPage(refused), refused.reason === "unknown" ? 404 : 410)),
        StorageUnavailable: unavailable,
        OutcomeUnknown: unavailable,
        Overloaded: unavailable
      })

const unavailable = (failure: Failure) =>
  Effect.succeed(
    HttpServerResponse.setHeader(
      show(unavailablePage(), 503),
      "retry-after",
      String(retryAfterSeconds(retryAfter(failure) ?? 0))
    )
  )

const tokenOf = ({ params }: Exchange): string => params.token ?? ""

/** The nonce in the request's cookie, if it is one of ours by its form. */
const nonceOf = ({ request }: Exchange): string | undefined => {
  const nonce = request.cookies[cookieName]
  return nonce !== undefined && /^[\w-]{22,64}$/.test(nonce) ? nonce : undefined
}

const equal = (given: unknown, expected: string | undefined): boolean => {
  if (typeof given !== "string" || expected === undefined || given.length !== expected.length) return false
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
