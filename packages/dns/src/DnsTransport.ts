/**
 * The way a packet takes to a server and back: a port within this package, so that a simulated network can stand in for
 * sockets, under virtual time too.
 */
import { Context, Data, type Effect } from "effect"

/** No answer can come on this way. */
export class TransportFailed extends Data.TaggedError("TransportFailed")<{
  /** In words, such as `nobody answers there`. */
  readonly reason: string
  /** That it is this machine which has no way to addresses of that family. */
  readonly unreachable: boolean
}> {}

/** Carries packets. */
export class DnsTransport extends Context.Service<
  DnsTransport,
  {
    /**
     * Sends one packet to a server (`host:port`) and hands on the first packet from exactly there that is accepted;
     * others are dropped, and waiting goes on. It sets no time limit, and leaves nothing behind when interrupted.
     */
    readonly exchange: (
      server: string,
      packet: Uint8Array,
      via: "udp" | "tcp",
      accept: (candidate: Uint8Array) => boolean
    ) => Effect.Effect<Uint8Array, TransportFailed>
  }
>()("countersign/dns/DnsTransport") {}
