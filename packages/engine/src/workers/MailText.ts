/**
 * The words of the mails. Nothing that a tenant typed goes in but the address itself: the account's name is set by the
 * operator.
 */

export interface MailText {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** Asks the owner of a mailbox to confirm. `link` is the address of the confirmation page. */
export const verificationMail = (address: string, accountName: string, link: string): MailText => ({
  subject: `Confirm ${address} as a sender address`,
  text: [
    "Hello,",
    "",
    `${accountName} would like to send mail from ${address}.`,
    "",
    "If that is right, open this page and confirm it:",
    "",
    link,
    "",
    "The link works for 24 hours. Opening the page alone confirms nothing.",
    'If you did not expect this, choose "This was not me" on that page, or ignore this mail: no mail will be sent from your address.',
    ""
  ].join("\n"),
  html: page(
    `<p>Hello,</p>
<p><strong>${escapeHtml(accountName)}</strong> would like to send mail from <strong>${escapeHtml(address)}</strong>.</p>
<p>If that is right, open this page and confirm it:</p>
<p><a href="${escapeHtml(link)}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#1f4fd8;color:#ffffff;text-decoration:none">Open the confirmation page</a></p>
<p style="color:#555555;font-size:13px">Or copy this address into your browser:<br><span style="word-break:break-all">${escapeHtml(link)}</span></p>
<p style="color:#555555;font-size:13px">The link works for 24 hours. Opening the page alone confirms nothing. If you did not expect this, choose &ldquo;This was not me&rdquo; on that page, or ignore this mail: no mail will be sent from your address.</p>`
  )
})

/** Tells an account that a sender was added, and which records its domain needs. */
export const accountNotice = (
  address: string,
  records: ReadonlyArray<{ readonly name: string; readonly value: string }>
): MailText => ({
  subject: `Sender added: ${address}`,
  text: [
    "Hello,",
    "",
    `${address} was added to your account as a sender.`,
    "",
    "To verify its domain, publish these CNAME records:",
    "",
    ...records.map(({ name, value }) => `${name} CNAME ${value}`),
    ""
  ].join("\n"),
  html: page(
    `<p>Hello,</p>
<p><strong>${escapeHtml(address)}</strong> was added to your account as a sender.</p>
<p>To verify its domain, publish these CNAME records:</p>
<ul>${records.map(({ name, value }) => `<li><code>${escapeHtml(name)}</code> CNAME <code>${escapeHtml(value)}</code></li>`).join("")}</ul>`
  )
})

const page = (body: string): string =>
  `<!doctype html><html lang="en"><body style="font-family:sans-serif;line-height:1.5;color:#1b1b1b">${body}</body></html>`

const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
