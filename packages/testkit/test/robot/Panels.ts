/**
 * The panels in which customers edit their zones, in five dialects. Each takes what a person types, changes the
 * simulated zone by its own reading of it, or refuses in its own words.
 */
import { isWithin, nameBytes } from "@countersign/sandbox/dns"
import { Data, Effect, Result } from "effect"
import type { SimulatedZone } from "../../src/Dns.ts"

/** The panel does not take it; the message is all that a customer sees. */
export class PanelRefused extends Data.TaggedError("PanelRefused")<{ readonly message: string }> {}

/** What a person types, or picks in the list of records. */
export interface TypedEdit {
  readonly action: "add" | "change" | "delete"
  readonly host: string
  readonly type: string
  readonly value: string
}

type Read = Result.Result<string, string>

/** How a panel reads what is typed. Names come out without the trailing dot. */
export interface PanelDialect {
  readonly name: string
  /** The name of the record that is meant by a host. */
  readonly owner: (host: string, zone: string) => Read
  /** The name that is meant by the value of a CNAME or NS record. */
  readonly target: (value: string, zone: string) => Read
  readonly text: (value: string) => Read
}

const bare = (name: string) => name.replace(/(?<!\\)\.$/, "")
const isAbsolute = (name: string) => bare(name) !== name
const below = (host: string, zone: string) => (host === "@" ? zone : `${host}.${zone}`)
const unquoted = (text: string) => text.replace(/^"(.*)"$/s, "$1")

const relative: PanelDialect = {
  name: "relative",
  owner: (host, zone) =>
    isAbsolute(host)
      ? Result.fail("Enter the host without the domain: it is appended.")
      : Result.succeed(below(host, zone)),
  target: (value) => Result.succeed(bare(value)),
  text: (value) => Result.succeed(unquoted(value))
}

/** The five dialects. */
export const panelDialects: ReadonlyArray<PanelDialect> = [
  // Appends the zone to whatever stands in the field.
  relative,
  // As in a zone file: a name with a trailing dot is absolute, any other is below the zone.
  {
    ...relative,
    name: "absolute",
    owner: (host, zone) => {
      if (!isAbsolute(host)) return Result.succeed(below(host, zone))
      return isWithin(bare(host), zone)
        ? Result.succeed(bare(host))
        : Result.fail(`The name ${host} is not in the zone ${zone}.`)
    },
    target: (value, zone) => Result.succeed(isAbsolute(value) ? bare(value) : below(value, zone))
  },
  // Appends the zone even to an absolute host, and to a target without a trailing dot.
  {
    ...relative,
    name: "appending",
    owner: (host, zone) => Result.succeed(below(bare(host), zone)),
    target: (value, zone) => Result.succeed(isAbsolute(value) ? bare(value) : below(value, zone))
  },
  // Takes host names only in its form; what else there is has to be imported.
  {
    ...relative,
    name: "without underscores",
    owner: (host, zone) =>
      host.includes("_")
        ? Result.fail('A host name has no "_". Import other records as lines of a zone file.')
        : relative.owner(host, zone)
  },
  // Has a field of 255 characters, which cuts texts and takes nothing longer for a name.
  {
    ...relative,
    name: "255 characters",
    target: (value) => (value.length > 255 ? Result.fail("The value is too long.") : Result.succeed(bare(value))),
    text: (value) => Result.succeed(unquoted(value).slice(0, 255))
  }
]

const zoneLine = /^(?<name>\S+)\.\s+(?:\d+\s+)?(?:IN\s+)?(?<type>[A-Z]+)\s+(?<value>.+)$/s
const isName = (type: string) => type === "CNAME" || type === "NS"

const refuse = (message: string) => Effect.fail(new PanelRefused({ message }))
const read = (typed: Read) => Effect.mapError(Effect.fromResult(typed), (message) => new PanelRefused({ message }))

/** A panel for one zone. */
export class DnsPanel {
  readonly dialect: PanelDialect
  readonly zone: SimulatedZone

  constructor(dialect: PanelDialect, zone: SimulatedZone) {
    this.dialect = dialect
    this.zone = zone
  }

  /** Does an edit as it was typed. What is to be changed or deleted is picked in the list of records. */
  submit({ action, host, type, value }: TypedEdit): Effect.Effect<void, PanelRefused> {
    const { apex } = this.zone
    return Effect.gen({ self: this }, function* () {
      if (action === "delete") {
        const name = isAbsolute(host) ? bare(host) : below(host, apex)
        const there = this.#values(name, type)
        const left = there.filter((one) => !isShownAs(type, one, value))
        if (left.length === there.length) return yield* refuse(`There is no ${type} record ${host} ${value}.`)
        return yield* this.#put(name, type, left, true)
      }
      const name = yield* read(this.dialect.owner(host, apex))
      const { dialect } = this
      const typed = yield* read(isName(type) ? dialect.target(value, apex) : dialect.text(value))
      const there = this.#values(name, type)
      if (action === "add") return yield* this.#put(name, type, [...there, typed], false)
      if (there.length === 0) return yield* refuse(`There is no ${type} record at ${host}.`)
      if (there.length > 1) return yield* refuse(`There are ${there.length} ${type} records at ${host}.`)
      yield* this.#put(name, type, [typed], true)
    })
  }

  /** Imports a line of a zone file. It takes the place of the records of its name and type. */
  importLine(line: string): Effect.Effect<void, PanelRefused> {
    const { apex } = this.zone
    const { name = "", type = "", value = "" } = zoneLine.exec(line.trim())?.groups ?? {}
    if (name === "") return refuse("This is no line of a zone file.")
    if (!isWithin(name, apex)) return refuse(`The name ${name} is not in the zone ${apex}.`)
    const target = isAbsolute(value) ? bare(value) : below(value, apex)
    const replaces = this.#values(name, type).length > 0
    return this.#put(name, type, [isName(type) ? target : unquoted(value)], replaces)
  }

  #values(name: string, type: string): ReadonlyArray<string> {
    return this.zone.at(name).flatMap((record) => (record.type === type ? [record.value] : []))
  }

  #put(name: string, type: string, values: ReadonlyArray<string>, allowConflict: boolean) {
    return Effect.mapError(
      this.zone.put(name, type, values, { allowConflict }),
      ({ message }) => new PanelRefused({ message })
    )
  }
}

/** Whether a record of the list is the one that somebody means by this value. The list shows 255 characters. */
const isShownAs = (type: string, stored: string, value: string): boolean =>
  isName(type)
    ? nameBytes(stored.toLowerCase()).equals(nameBytes(bare(value).toLowerCase()))
    : shown(stored) === value.slice(0, 255)

/** The beginning of a text as a list shows it: octets that cannot be printed are escaped as in a zone file. */
const shown = (text: string): string =>
  [...Buffer.from(text)]
    .map((octet) => (octet > 0x1f && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, "0")}`))
    .join("")
    .slice(0, 255)
