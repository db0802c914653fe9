/**
 * The page of the sandbox, `GET /sandbox`: one HTML document without anything from elsewhere. Its parts are `page/*`;
 * style and script are put into the document, and allowed by their hashes.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"

// From `dist` as from `src`: the sources are published too.
const part = (name: string): string => readFileSync(new URL(`../../src/sandbox/page/${name}`, import.meta.url), "utf8")

const style = part("page.css")
const script = part("page.js")
const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

/** The document. */
export const sandboxPage = part("page.html")
  .replace("/* page.css */", () => style)
  .replace("/* page.js */", () => script)

export const pageHeaders = {
  "cache-control": "no-store",
  "content-security-policy": [
    "default-src 'none'",
    "img-src data:",
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
} as const
