/**
 * What keeps the core pure: the modules it may import from, by name, and the expressions that would read a clock,
 * randomness or the world around it. A name that is missing here and is only data may be added.
 */

/** What the core may import: data, and functions of their arguments. `"*"` stands for every name. */
export const pure: Readonly<Record<string, ReadonlyArray<string> | "*">> = {
  effect: [
    ..."Array BigDecimal BigInt Boolean Brand Bytes Chunk Combiner Data DateTime Duration Equal Equivalence".split(" "),
    ..."Exit Filter Formatter Function Graph Hash HashMap HashSet Iterable JsonSchema Match Newtype".split(" "),
    ..."NonEmptyIterable Number Optic Option Order Ordering Pipeable Predicate Record Redacted Reducer RegExp".split(
      " "
    ),
    ..."Result Schema SchemaAST SchemaGetter SchemaIssue SchemaParser SchemaTransformation String Struct Symbol".split(
      " "
    ),
    ..."Trie Tuple Types UndefinedOr Unify absurd cast flow hole identity pipe".split(" ")
  ],
  tldts: "*",
  "node:crypto": ["createHash", "createHmac", "createSecretKey", "hkdfSync", "timingSafeEqual", "KeyObject"],
  "node:net": ["isIP", "isIPv4", "isIPv6"],
  "node:url": ["domainToASCII", "domainToUnicode"]
}

/** Code that reads more than its arguments. */
export const impure: ReadonlyArray<{ readonly code: RegExp; readonly reads: string }> = [
  { code: /\bDate\s*\.\s*now\b/, reads: "the clock (Date.now)" },
  { code: /\bnew\s+Date\s*(?:\(\s*\)|(?![\s(]))/, reads: "the clock (new Date without a time)" },
  { code: /(?<!\bnew\s+|[.\w$])Date\s*\(/, reads: "the clock (Date called as a function)" },
  { code: /\bperformance\s*\./, reads: "the clock (performance)" },
  { code: /\bTemporal\s*\.\s*Now\b/, reads: "the clock (Temporal.Now)" },
  { code: /\bDateTime\s*\.\s*now\w*/, reads: "the clock (DateTime.now)" },
  { code: /\b(?:setTimeout|setInterval|setImmediate)\b/, reads: "the clock (a timer)" },
  { code: /\bMath\s*\.\s*random\b/, reads: "randomness (Math.random)" },
  { code: /\b(?:randomBytes|randomUUID|randomInt|randomFill|getRandomValues)\b/, reads: "randomness (node:crypto)" },
  { code: /\bprocess\s*\./, reads: "the process" },
  { code: /(?<![.\w$])fetch\s*\(/, reads: "the network (fetch)" },
  { code: /\bconsole\s*\./, reads: "the console" },
  { code: /\.\s*run(?:Sync|Promise|Fork|Callback)\w*\b/, reads: "the runtime (an Effect is run)" }
]
