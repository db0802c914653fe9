/**
 * The open transactions of the SMTP sink, one per connection: who sends, and to whom, in the spelling of the client.
 * smtp-server keeps an envelope of its own, but with decoded domains and with recipients that differ only in case
 * merged; this one is what was typed.
 */
import { mailboxFlaw, typedAddress } from "./EnvelopeAddress.ts"

interface Transaction {
  line: string
  from: string
  to: Array<string>
}

/** An answer other than "yes, go on". */
export interface SmtpReply {
  readonly code: number
  readonly text: string
}

/** The address of a command, or the reply that refuses it. */
export type TypedAddress = { readonly address: string } | { readonly refusal: SmtpReply }

export class SmtpTransactions {
  readonly #open = new Map<string, Transaction>()

  /** Notes the command line that the client of this connection sent last. */
  noteLine(connection: string, line: string): void {
    const transaction = this.#open.get(connection)
    if (transaction === undefined) this.#open.set(connection, { line, from: "", to: [] })
    else transaction.line = line
  }

  /** The address in the command that is being answered now. */
  typed(connection: string, allowEmpty: boolean): TypedAddress {
    const address = typedAddress(this.#open.get(connection)?.line ?? "")
    if (address === undefined) return { refusal: { code: 501, text: "5.5.4 the address belongs between < and >" } }
    if (allowEmpty && address === "") return { address }
    const flaw = mailboxFlaw(address)
    return flaw === undefined ? { address } : { refusal: { code: 553, text: `5.1.3 ${flaw}` } }
  }

  /** A MAIL command was accepted: a new transaction begins. */
  begin(connection: string, from: string): void {
    this.#open.set(connection, { line: "", from, to: [] })
  }

  /** A RCPT command was accepted. */
  addRecipient(connection: string, to: string): void {
    this.#open.get(connection)?.to.push(to)
  }

  /** The envelope of the transaction; empty when there is none. */
  envelope(connection: string): { readonly from: string; readonly to: ReadonlyArray<string> } {
    const transaction = this.#open.get(connection)
    return { from: transaction?.from ?? "", to: [...(transaction?.to ?? [])] }
  }

  /** The connection is gone. */
  forget(connection: string): void {
    this.#open.delete(connection)
  }
}
