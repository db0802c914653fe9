/**
 * One statement sent to PostgreSQL in its simple query protocol: what the harness needs to make and drop databases
 * without a driver. Knows the authentication by password only, which the harness's own pg_hba.conf asks for in the
 * database `postgres`.
 *
 * PostgreSQL documentation, chapter "Frontend/Backend Protocol".
 */
import { connect } from "node:net"
import { Framer } from "./Framer.ts"

const message = (type: string, ...parts: ReadonlyArray<string>): Buffer => {
  const body = Buffer.from(parts.map((part) => `${part}\0`).join(""), "utf8")
  const head = Buffer.alloc(4)
  head.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type, "latin1"), head, body])
}

const startup = (user: string, database: string): Buffer => {
  const text = message("", "user", user, "database", database, "client_encoding", "UTF8", "")
  const version = Buffer.from([0, 3, 0, 0])
  const whole = Buffer.concat([text.subarray(0, 4), version, text.subarray(4)])
  whole.writeInt32BE(whole.length)
  return whole
}

/** The columns of a DataRow, as text. */
const columnsOf = (body: Buffer): ReadonlyArray<string | null> => {
  const columns: Array<string | null> = []
  let at = 2
  for (let left = body.readInt16BE(0); left > 0; left--) {
    const length = body.readInt32BE(at)
    at += 4
    columns.push(length < 0 ? null : body.toString("utf8", at, at + length))
    at += Math.max(length, 0)
  }
  return columns
}

/** The fields of an ErrorResponse that say something: `42P04: database "a" already exists`. */
const complaintOf = (body: Buffer): string => {
  const fields = new Map(
    body
      .toString("utf8")
      .split("\0")
      .map((field) => [field[0], field.slice(1)])
  )
  return `${fields.get("C")}: ${fields.get("M")}`
}

/** Where and as whom a statement is run. */
export interface Login {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Runs one statement on a connection of its own. Rows as text. */
export const simpleQuery = (login: Login, statement: string): Promise<ReadonlyArray<ReadonlyArray<string | null>>> =>
  new Promise((resolve, reject) => {
    const rows: Array<ReadonlyArray<string | null>> = []
    let asked = false
    let complaint: string | undefined
    const socket = connect({ host: "127.0.0.1", port: login.port, noDelay: true })
    const framer = new Framer("server", (type, frame) => {
      const body = frame.subarray(5)
      if (type === "R" && body.readInt32BE(0) === 3) socket.write(message("p", login.password))
      if (type === "D") rows.push(columnsOf(body))
      if (type === "E") complaint = complaintOf(body)
      if (type !== "Z") return
      if (!asked) {
        asked = true
        socket.write(message("Q", statement))
      } else {
        socket.end(message("X"))
        if (complaint === undefined) resolve(rows)
        else reject(new Error(`${complaint} (${statement})`))
      }
    })
    socket.on("connect", () => socket.write(startup(login.user, login.database)))
    socket.on("data", (chunk) => framer.push(chunk))
    socket.on("error", reject)
    socket.on("close", () =>
      reject(new Error(complaint ?? `PostgreSQL closed the connection before it answered (${statement})`))
    )
    socket.setTimeout(60_000, () => socket.destroy(new Error(`no answer within 60 s (${statement})`)))
  })
