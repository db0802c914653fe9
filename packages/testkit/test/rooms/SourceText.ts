/**
 * What a TypeScript file says outside of its comments, and what it imports, read as text.
 *
 * The rules of the rooms are about who names whom, so a full parser is not needed; but a comment that shows an import,
 * or a string that holds one, must not count. `codeOf` therefore blanks comments, strings, templates and regular
 * expressions and keeps every position, and `importsOf` looks for the forms of an import in what is left.
 */

/** One import of a file: where it points, what it takes, and on which line. */
export interface Import {
  readonly specifier: string
  /** The names taken from the module; `*` for a namespace or a re-export of all, `default` for a default import. */
  readonly names: ReadonlyArray<string>
  readonly line: number
}

/** The specifier of an `import(...)` whose argument is not a plain string: no rule can be checked on it. */
export const computed = "(computed)"

const wordsBeforeRegExp = /\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/
const signsBeforeRegExp = "([{,;=:?!&|+-*%<>~^"

/** The end of the regular expression that starts at `start`, or undefined when the slash there is a division. */
const regExpEnd = (text: string, start: number): number | undefined => {
  let inClass = false
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === "[") inClass = true
    else if (text[at] === "]") inClass = false
    else if (text[at] === "/" && !inClass) return at + 1
  }
  return undefined
}

/** The end of the string that starts at `start`, its closing quote included. */
const stringEnd = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === text[start] || text[at] === "\n") return at + 1
  }
  return text.length
}

/** The end of a piece of a template: behind the closing backtick, or behind the `${` of a hole. */
const templateEnd = (text: string, start: number): number => {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === "`") return at + 1
    else if (text[at] === "$" && text[at + 1] === "{") return at + 2
  }
  return text.length
}

const blank = (text: string): string => text.replace(/[^\n]/g, " ")

/** The text with everything blanked that is not code. Quotes stay, and every character keeps its place. */
export const codeOf = (text: string): string => {
  let code = ""
  let at = 0
  // For each template that is open around the current position: how many braces are open in its hole.
  const holes: Array<number> = []

  const keep = (end: number) => {
    code += text.slice(at, end)
    at = end
  }
  const skip = (end: number) => {
    code += blank(text.slice(at, end))
    at = end
  }
  const quoted = (end: number, closing = 1) => {
    const inside = Math.max(at + 1, end - closing)
    code += text[at] + blank(text.slice(at + 1, inside)) + text.slice(inside, end)
    at = end
  }
  const template = (from: number) => {
    const end = templateEnd(text, from)
    const hole = text[end - 1] === "{"
    if (hole) holes.push(0)
    quoted(end, hole ? 2 : 1)
  }

  while (at < text.length) {
    const here = text[at] ?? ""
    const two = text.slice(at, at + 2)
    const open = holes.at(-1)
    if (two === "//") {
      const end = text.indexOf("\n", at)
      skip(end === -1 ? text.length : end)
    } else if (two === "/*") {
      const end = text.indexOf("*/", at + 2)
      skip(end === -1 ? text.length : end + 2)
    } else if (here === '"' || here === "'") quoted(stringEnd(text, at))
    else if (here === "`") template(at + 1)
    else if (here === "}" && open === 0) {
      holes.pop()
      template(at + 1)
    } else if (here === "/") {
      const before = code.trimEnd()
      const mayStart =
        before === "" || signsBeforeRegExp.includes(before.at(-1) ?? "") || wordsBeforeRegExp.test(before)
      const end = mayStart ? regExpEnd(text, at) : undefined
      if (end === undefined) keep(at + 1)
      else skip(end)
    } else {
      if (open !== undefined && here === "{") holes[holes.length - 1] = open + 1
      if (open !== undefined && here === "}") holes[holes.length - 1] = open - 1
      keep(at + 1)
    }
  }
  return code
}

const statement = /\b(?:import|export)\b(?:\s+type\b)?([\w$*{},\s]*?)\bfrom\s*(["']) *\2/g
const sideEffect = /\bimport\s*()(["']) *\2/g
const call = /\b(?:import|require|require\.resolve)\s*\(\s*()(["'`]) *\2\s*[,)]/g
const workerFile = /\bnew\s+URL\s*\(\s*()(["']) *\2\s*,\s*import\.meta\.url/g
const computedCall = /\b(?:import|require)\s*\(\s*(?:[^\s"'`]|(["'`]) *\1\s*[^\s,)]|`[^`]*\$\{)/g

const namesOf = (clause: string): ReadonlyArray<string> => {
  const braces = /\{([^}]*)\}/.exec(clause)
  const named = (braces?.[1] ?? "").split(",").map((part) => part.trim().replace(/^type\s+/, ""))
  const rest = clause.replace(/\{[^}]*\}/, "").split(",")
  return [
    ...named.map((part) => part.split(/\s+as\s+/)[0] ?? ""),
    ...rest.map((part) => part.trim()).map((part) => (part === "" ? "" : part.startsWith("*") ? "*" : "default"))
  ].filter((name) => name !== "")
}

/** Every import of the file: static, for side effects, of types, re-exports, dynamic, required, and a worker's file. */
export const importsOf = (text: string): ReadonlyArray<Import> => {
  const code = codeOf(text)
  const lineAt = (index: number) => code.slice(0, index).split("\n").length
  const literal = [statement, sideEffect, call, workerFile].flatMap((form) =>
    [...code.matchAll(form)].map((match) => {
      const quote = match[2] ?? '"'
      const close = match.index + match[0].lastIndexOf(quote)
      const specifier = text.slice(code.lastIndexOf(quote, close - 1) + 1, close)
      return { specifier, names: namesOf(match[1] ?? ""), line: lineAt(close) }
    })
  )
  const unknown = [...code.matchAll(computedCall)].map((match) => ({
    specifier: computed,
    names: [],
    line: lineAt(match.index)
  }))
  return [...literal, ...unknown].sort((a, b) => a.line - b.line)
}
