/**
 * HTML as a value: a template tag that escapes every text that is put into it.
 */

/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

const entities: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

/** Inserted strings are escaped, for text and quoted attributes alike; inserted `Html` is taken as it is. */
export const html = (parts: TemplateStringsArray, ...values: ReadonlyArray<string | Html>): Html => ({
  html: parts.reduce((text, part, i) => {
    const value = values[i - 1] ?? ""
    return `${text}${typeof value === "string" ? escapeText(value) : value.html}${part}`
  })
})
