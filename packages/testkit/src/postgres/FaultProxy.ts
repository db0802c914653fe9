/**
 * The network between a client and PostgreSQL, with its faults: a loopback TCP proxy that a test makes cut, stall,
 * refuse or swallow an answer. The last is the lost acknowledgement: the commit is done, and the client never hears of
 * it.
 *
 * Put `proxy.url(server.url(database))` in the place of the server's own URL. Reads the protocol, so the connection
 * must be plain.
 */
import { once } from "node:events"
import { connect, createServer, type Server, type Socket } from "node:net"
import { Framer } from "./Framer.ts"

interface Trap {
  readonly text: Buffer
  readonly sprung: () => void
}

/** One connection through the proxy. */
interface Passage {
  readonly client: Socket
  readonly server: Socket
}

/** A proxy in front of one port of 127.0.0.1. */
export class FaultProxy {
  readonly #target: number
  readonly #listener: Server
  readonly #passages = new Set<Passage>()
  #traps: Array<Trap> = []
  #refusing = false
  #stalled = false
  /** How many connections it has let through since it was made. */
  connections = 0

  private constructor(target: number, listener: Server) {
    this.#target = target
    this.#listener = listener
    listener.on("connection", (client) => this.#open(client))
  }

  /** Listens on a free port and passes everything on to `target`. */
  static async make(target: number): Promise<FaultProxy> {
    const listener = createServer({ noDelay: true, pauseOnConnect: true })
    const proxy = new FaultProxy(target, listener)
    listener.listen(0, "127.0.0.1")
    await once(listener, "listening")
    return proxy
  }

  get port(): number {
    const address = this.#listener.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }

  /** The same URL, through this proxy. */
  url(direct: string): string {
    const url = new URL(direct)
    url.port = String(this.port)
    return url.href
  }

  /** Cuts every connection (a reset, not an orderly end). New ones are let through. Answers how many it cut. */
  cut(): number {
    const cut = this.#passages.size
    for (const passage of this.#passages) close(passage)
    return cut
  }

  /** Cuts every connection, and every new one at once, until `accept`. */
  refuse(): void {
    this.#refusing = true
    this.cut()
  }

  accept(): void {
    this.#refusing = false
  }

  /** Lets no byte through in either direction, until `release`. Connections stay open. */
  stall(): void {
    this.#stalled = true
    for (const { client, server } of this.#passages) {
      client.pause()
      server.pause()
    }
  }

  /** Ends `stall`; what waited goes through. */
  release(): void {
    this.#stalled = false
    for (const { client, server } of this.#passages) {
      client.resume()
      server.resume()
    }
  }

  /**
   * The next message of a client that contains `text` (in the statement or in a parameter) reaches the server; when the
   * server has answered it, and with that has committed, the connection is cut instead. Resolves when that has
   * happened. For a transaction of several statements ask for the text of its COMMIT.
   */
  swallowAnswer(text: string): Promise<void> {
    return new Promise((sprung) => {
      this.#traps.push({ text: Buffer.from(text, "utf8"), sprung })
    })
  }

  async close(): Promise<void> {
    const closed = once(this.#listener, "close")
    this.#listener.close()
    this.cut()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #open(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy()
      return
    }
    this.connections += 1
    const server = connect({ host: "127.0.0.1", port: this.#target, noDelay: true })
    const passage = { client, server }
    this.#passages.add(passage)
    for (const end of [client, server]) {
      // What failed is told by the close that follows.
      end.on("error", () => undefined)
      end.on("close", () => {
        close(passage)
        this.#passages.delete(passage)
      })
    }
    this.#pass(passage)
    if (this.#stalled) server.pause()
    else client.resume()
  }

  /** Every Sync and every simple query is answered by one ReadyForQuery, and so is the start-up. */
  #pass({ client, server }: Passage): void {
    let asked = 1
    let answered = 0
    let caught: { readonly trap: Trap; last: number | undefined } | undefined
    const answers = new Framer("server", (type) => {
      if (type !== "Z") return
      answered += 1
      if (caught?.last === undefined || answered < caught.last) return
      close({ client, server })
      caught.trap.sprung()
    })
    const questions = new Framer("client", (type, frame) => {
      if (type === "" && frame.length === 8) answers.skipOne()
      if (caught === undefined) {
        const trap = this.#traps.find(({ text }) => frame.includes(text))
        this.#traps = this.#traps.filter((each) => each !== trap)
        if (trap !== undefined) caught = { trap, last: undefined }
      }
      if (type !== "S" && type !== "Q") return
      asked += 1
      if (caught !== undefined) caught.last ??= asked
    })
    client.on("data", (chunk) => {
      questions.push(chunk)
      server.write(chunk)
    })
    server.on("data", (chunk) => {
      answers.push(chunk)
      if (caught === undefined) client.write(chunk)
    })
    client.on("end", () => server.end())
    server.on("end", () => client.end())
  }
}

const close = ({ client, server }: Passage): void => {
  client.resetAndDestroy()
  server.destroy()
}
