/**
 * The style of the confirmation page, and the policy that lets nothing but this very style in.
 */
import { createHash } from "node:crypto"

export const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6473; --paper: #ffffff; --ground: #f2f4f7; --line: #d7dce3; --accent: #14532d; --on-accent: #ffffff; --bad: #9a1c1c }
@media (prefers-color-scheme: dark) { :root { --ink: #eef1f5; --soft: #a9b3c1; --paper: #1b212b; --ground: #10141a; --line: #343d4b; --accent: #7bd88f; --on-accent: #0b1f12; --bad: #ff9d9d } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--ground); color: var(--ink); font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { width: 100%; max-width: 34rem; padding: clamp(1.5rem, 5vw, 2.5rem); background: var(--paper); border: 1px solid var(--line); border-radius: 1rem }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance }
p { margin: 0 0 1rem }
p:last-child { margin-bottom: 0 }
.address { display: block; margin: 0 0 1.25rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .625rem; font-weight: 600; overflow-wrap: anywhere }
.soft { color: var(--soft); font-size: .9375rem }
.alert { padding: .75rem 1rem; border: 1px solid var(--bad); border-radius: .625rem; color: var(--bad) }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.5rem 0 1.25rem }
button { flex: 1 1 auto; white-space: nowrap; min-height: 3rem; padding: .625rem 1rem; border: 1px solid var(--line); border-radius: .625rem; background: transparent; color: inherit; font: inherit; font-weight: 600; cursor: pointer }
button.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent) }
button:hover { border-color: currentColor }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`

const styleHash = createHash("sha256").update(style).digest("base64")

/** Content-Security-Policy (CSP Level 3): no script, nothing from elsewhere, in no frame, the form goes home only. */
export const policy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'"
].join("; ")
