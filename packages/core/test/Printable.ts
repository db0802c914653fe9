/** A value for the title of a test: short, and in printable ASCII, whatever the value is. */
export const printable = (value: unknown): string => {
  const text = (JSON.stringify(value) ?? String(value)).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
  return text.length > 60 ? `${text.slice(0, 40)}... (${text.length})` : text
}
