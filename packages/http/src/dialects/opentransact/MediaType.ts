/**
 * The media types of the OpenTransact dialect, and the content negotiation of JSON:API 1.1: which `Content-Type` is
 * read, and which `Accept` can be answered.
 */

/** What every answer is sent as, without parameters. */
export const jsonApi = "application/vnd.api+json"

/** The vendor's own name for the same. It is read, and never sent. */
export const vendor = "application/vnd.opentransact.v1+json"

interface MediaType {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

/**
 * Whether a request with this `Content-Type` must be refused with 415: the type of JSON:API with an extension, of which
 * there are none here, or with a parameter that it does not have, `charset` among them. It counts for requests without
 * a body, too.
 */
export const isRefusedContentType = (header: string | undefined): boolean =>
  header !== undefined && isModified(parseMediaType(header))

/**
 * Whether nothing that the `Accept` allows can be sent (406): it names the type of JSON:API, and never without such a
 * parameter. Unknown profiles are no reason. An `Accept` that does not name it at all is answered as if it were
 * missing.
 */
export const isRefusedAccept = (header: string | undefined): boolean => {
  if (header === undefined) return false
  const named = splitUnquoted(header, ",")
    .map((range) => parseMediaType(range, isWeight))
    .filter(({ type }) => type === jsonApi)
  return named.length > 0 && named.every(isModified)
}

const isModified = ({ type, parameters }: MediaType): boolean =>
  type === jsonApi && [...parameters].some(([name, value]) => name !== "profile" && !(name === "ext" && value === ""))

/** What follows a weight is of `Accept`, not of the media type (RFC 9110, section 12.5.1). */
const isWeight = (parameter: string): boolean => parameter === "q"

const parseMediaType = (text: string, isEnd: (parameter: string) => boolean = () => false): MediaType => {
  const [type = "", ...rest] = splitUnquoted(text, ";")
  const parameters = new Map<string, string>()
  for (const parameter of rest) {
    const [name = "", ...value] = parameter.split("=")
    const key = name.trim().toLowerCase()
    if (isEnd(key)) break
    if (key !== "")
      parameters.set(
        key,
        value
          .join("=")
          .trim()
          .replace(/^"(.*)"$/, "$1")
          .trim()
      )
  }
  return { type: type.trim().toLowerCase(), parameters }
}

/** Parts between separators; one inside a quoted string (RFC 9110, section 5.6.4) separates nothing. */
const splitUnquoted = (text: string, separator: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let begin = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (quoted && character === "\\") i++
    else if (character === '"') quoted = !quoted
    else if (!quoted && character === separator) {
      parts.push(text.slice(begin, i))
      begin = i + 1
    }
  }
  return [...parts, text.slice(begin)]
}
