/**
 * Reads the bytes of an export: cuts them into lines, hashes them, and hands out the rows. Whatever is wrong is
 * remembered and told at the end, because the digest on the last line tells first whether the file is the one that was
 * written.
 */
import { createHash } from "node:crypto"
import { Option, Result, Schema } from "effect"
import { StoredRow } from "../ports/StoredRow.ts"
import { Footer, Header, header, kindOrder } from "./ExportFormat.ts"

const newline = 0x0a
/** In bytes; the first line of an export is far shorter. */
const longestHeader = 1_000

const decodeHeader = Schema.decodeUnknownOption(Schema.fromJsonString(Header))
const decodeFooter = Schema.decodeUnknownOption(Schema.fromJsonString(Footer))
const decodeRow = Schema.decodeUnknownResult(Schema.fromJsonString(StoredRow))

/** One export, from its first byte to its last. */
export class ExportReader {
  readonly #newIdentityKey: boolean
  readonly #hash = createHash("sha256")
  /** The part of a line that has come so far. */
  #pending: Array<Uint8Array> = []
  #lines = 0
  #rows = 0
  #footer: Option.Option<typeof Footer.Type> = Option.none()
  #digest = ""
  #problem: string | undefined
  #isExport = false
  #kind = 0
  #position = 0
  #withKey = false

  constructor(options: { readonly newIdentityKey: boolean }) {
    this.#newIdentityKey = options.newIdentityKey
  }

  /** The rows that are whole with these bytes; none any more once something is wrong. */
  read(bytes: Uint8Array): ReadonlyArray<StoredRow> {
    const rows: Array<StoredRow> = []
    if (this.#lines > 0 && !this.#isExport) return rows
    let from = 0
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      this.#pending.push(bytes.subarray(from, end + 1))
      from = end + 1
      const row = this.#line()
      if (row !== undefined && this.#problem === undefined) rows.push(row)
    }
    if (from < bytes.length) this.#pending.push(bytes.slice(from))
    // Not to read all of a wrong file in search of the end of its first line.
    if (this.#lines === 0 && this.#pending.reduce((size, part) => size + part.length, 0) > longestHeader) this.#line()
    return rows
  }

  /** Says that the rows cannot be used; the first to be said counts. */
  refuse(problem: string): void {
    this.#problem ??= problem
  }

  /** What came of the whole. */
  end(): { readonly problem: string | undefined; readonly rows: number; readonly withKey: boolean } {
    // The last line may have lost its end on the way: it is the one that is not hashed.
    if (this.#pending.length > 0) this.#line()
    return { problem: this.#verdict(), rows: this.#rows, withKey: this.#withKey }
  }

  #verdict(): string | undefined {
    if (!this.#isExport) return this.#problem ?? "the file is empty"
    if (Option.isNone(this.#footer)) return "the file is cut off: its last line, with the digest, is missing"
    const { rows, sha256 } = this.#footer.value
    if (sha256 !== this.#digest || rows !== this.#rows) {
      return "the file was altered: the digest on its last line is of other lines"
    }
    return this.#problem ?? (this.#kind === 0 ? "the file has no row of an installation" : undefined)
  }

  #line(): StoredRow | undefined {
    const bytes = this.#pending.length === 1 ? (this.#pending[0] ?? new Uint8Array()) : Buffer.concat(this.#pending)
    this.#pending = []
    this.#lines += 1
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")
    if (this.#lines === 1) {
      this.#hash.update(bytes)
      return this.#header(text)
    }
    if (!this.#isExport) return undefined
    if (Option.isSome(this.#footer)) {
      // Another line after the last: as if the last were none, for what follows is not in its digest.
      this.#digest = ""
      return undefined
    }
    this.#footer = text.startsWith('{"rows":') ? decodeFooter(text) : Option.none()
    if (Option.isSome(this.#footer)) {
      this.#digest = this.#hash.digest("hex")
      return undefined
    }
    this.#hash.update(bytes)
    this.#rows += 1
    return this.#row(text)
  }

  #header(text: string): undefined {
    const found = decodeHeader(text)
    if (Option.isNone(found)) {
      this.refuse("the file is no export of countersign")
    } else if (found.value.format !== header.format) {
      this.refuse(`the file is of format ${found.value.format}, and this program reads format ${header.format}`)
    } else {
      this.#isExport = true
    }
    return undefined
  }

  #row(text: string): StoredRow | undefined {
    const decoded = decodeRow(text)
    if (Result.isFailure(decoded)) {
      this.refuse(`line ${this.#lines} is no row: ${decoded.failure.message.replaceAll("\n", " ")}`)
      return undefined
    }
    const row = decoded.success
    const kind = kindOrder.indexOf(row._tag) + 1
    if (kind < this.#kind || (this.#kind === 0) !== (kind === 1)) this.refuse(`line ${this.#lines} is out of order`)
    this.#kind = kind
    if (row._tag === "Installation") this.#installation(row)
    if (row._tag === "Event") {
      this.#position += 1
      if (row.position !== this.#position)
        this.refuse(`line ${this.#lines} has position ${row.position}, after ${this.#position - 1}`)
    }
    return row
  }

  #installation({ identityKey }: Extract<StoredRow, { readonly _tag: "Installation" }>): void {
    this.#withKey = identityKey !== undefined
    if (identityKey === undefined) {
      if (!this.#newIdentityKey) this.refuse(missingKey)
    } else if (Buffer.from(identityKey, "base64url").length !== 32) {
      this.refuse("the identity key in the file does not have 32 bytes")
    } else if (this.#newIdentityKey) {
      this.refuse("the file has its identity key: import it without a new one")
    }
  }
}

const missingKey =
  "the file has no identity key, which sender ids and DNS tokens are derived from: without it an address that is added again becomes a second sender, and a domain that is added again needs other DNS records. Export with the key, or ask for a new identity key if that is what you want"
