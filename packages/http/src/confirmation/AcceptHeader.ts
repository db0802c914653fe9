/**
 * Whether a request would rather have JSON than a page (content negotiation, RFC 9110, section 12.5.1).
 */

/**
 * Only when `Accept` weighs `application/json` more than HTML: a browser, and a client that takes anything, get the
 * page.
 */
export const prefersJson = (accept: string | undefined): boolean => {
  if (accept === undefined) return false
  let json = 0
  let page = 0
  for (const range of accept.toLowerCase().split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim())
    const weight = weightOf(parameters)
    if (type === "application/json") json = Math.max(json, weight)
    if (type === "text/html" || type === "application/xhtml+xml" || type === "text/*") page = Math.max(page, weight)
  }
  return json > page
}

const weightOf = (parameters: ReadonlyArray<string>): number => {
  const q = parameters.find((parameter) => parameter.startsWith("q="))
  if (q === undefined) return 1
  const weight = Number.parseFloat(q.slice(2))
  return Number.isNaN(weight) ? 0 : weight
}
