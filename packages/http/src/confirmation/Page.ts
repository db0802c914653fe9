/**
 * The pages behind a verification link, as HTML. Pure: what is shown comes in as data, everything is escaped.
 */
import type { LinkRefused, LinkTarget, LinkView } from "@countersign/engine"
import { type Html, html } from "../Html.ts"
import { style } from "./Style.ts"

const page = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${{ html: style }}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`.html

const boxed = (address: string): Html => html`<span class="address">${address}</span>`

/** The two buttons. `problem` says why the page is shown again. */
export const questionPage = (link: LinkView, nonce: string, problem?: string): string =>
  page(
    "Confirm this email address",
    html`${problem === undefined ? "" : html`<p class="alert" role="alert">${problem}</p>`}
<p><strong>${link.accountName}</strong> wants to send email from your address:</p>
${boxed(link.address)}
<p>Confirm if you expected this. If not, choose “This was not me”: ${link.accountName} does not use the address, and cannot ask you again for 30 days.</p>
<form method="post">
<input type="hidden" name="nonce" value="${nonce}">
<button class="primary" type="submit" name="action" value="confirm">Confirm this address</button>
<button type="submit" name="action" value="decline">This was not me</button>
</form>
<p class="soft">Nothing happens until you press a button.</p>`
  )

export const confirmedPage = (link: LinkTarget): string =>
  page(
    "Thank you, the address is confirmed",
    html`${boxed(link.address)}
<p><strong>${link.accountName}</strong> can send from it once its domain is verified too. You can close this page.</p>`
  )

export const alreadyVerifiedPage = (link: LinkTarget): string =>
  page(
    "This address is already verified",
    html`${boxed(link.address)}
<p>It was confirmed for <strong>${link.accountName}</strong> with this link. There is nothing left to do; you can close this page.</p>`
  )

export const declinedPage = (link: LinkTarget): string =>
  page(
    "Thank you for telling us",
    html`${boxed(link.address)}
<p><strong>${link.accountName}</strong> cannot use this address and cannot ask you again for 30 days. The link no longer works; you can close this page.</p>`
  )

/** Why a link does nothing, and what its reader can do about it. */
export const refusedPage = (refused: LinkRefused): string => {
  const { title, text } = refusals[refused.reason]
  return page(title, html`${refused.address === undefined ? "" : boxed(refused.address)}<p>${text}</p>`)
}

const refusals: { readonly [reason in LinkRefused["reason"]]: { readonly title: string; readonly text: string } } = {
  unknown: {
    title: "This link is not valid",
    text: "It may be incomplete: open it again from the mail, or copy all of it into the address bar."
  },
  void: {
    title: "There is a newer link",
    text: "A newer mail with another link was sent, so this one no longer works. Open the link in the newest mail."
  },
  expired: {
    title: "This link has expired",
    text: "A link works for 24 hours. To get a new one, ask whoever added the address to send the verification mail again."
  },
  declined: {
    title: "This link was declined",
    text: "Somebody said “this was not me” with this link, so it no longer works. If that was a mistake, the address can be verified again after 30 days."
  },
  removed: {
    title: "This address was removed",
    text: "Whoever added the address has removed it, so there is nothing left to confirm. You can close this page."
  }
}

export const unavailablePage = (): string =>
  page(
    "Please try again in a moment",
    html`<p>We could not look up your link just now. Nothing was changed. Open the link from the mail again in a minute.</p>`
  )
