/**
 * Cuts a stream of PostgreSQL's protocol into its messages, however the network cut it. SimpleQuery and FaultProxy read
 * with it. Does not speak TLS: an encrypted stream has no messages to see.
 */

/** Who wrote the stream: what a client sends first has no type. */
export type Side = "client" | "server"

/** Feed it chunks; it calls `each` with the type of every message (`""` for a client's start-up) and its bytes. */
export class Framer {
  #rest: Buffer = Buffer.alloc(0)
  #typed: boolean
  #skip = 0
  readonly #each: (type: string, frame: Buffer) => void

  constructor(side: Side, each: (type: string, frame: Buffer) => void) {
    this.#typed = side === "server"
    this.#each = each
  }

  /** The next byte of a server is its answer to a request for TLS, which is no message. */
  skipOne(): void {
    this.#skip = 1
  }

  push(bytes: Buffer): void {
    const chunk = bytes.subarray(this.#skip)
    this.#skip -= bytes.length - chunk.length
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const head = this.#typed ? 1 : 0
      if (this.#rest.length < head + 4) return
      const end = head + this.#rest.readInt32BE(head)
      if (this.#rest.length < end) return
      const frame = this.#rest.subarray(0, end)
      this.#rest = this.#rest.subarray(end)
      const type = frame.toString("latin1", 0, head)
      // A request for TLS or for a cancellation is 8 or 16 bytes; after a request for TLS the start-up comes again.
      if (!this.#typed && frame.length !== 8) this.#typed = true
      this.#each(type, frame)
    }
  }
}
