/**
 * The parts that a host puts in: storage, mail, DNS and accounts, each as a small value.
 */
import type {
  Account,
  AccountAdmin,
  Accounts,
  DnsResolver,
  EventStore,
  Installation,
  MailBudget,
  Mailer,
  MailMessage,
  Maintenance,
  Organization,
  SenderDirectory,
  TaskQueue
} from "@countersign/engine"
import type { Layer } from "effect"

/** The ports of a storage, without the accounts that it may keep, too. */
type StoragePorts = EventStore | SenderDirectory | TaskQueue | MailBudget | Installation | Maintenance

/** Made by `sqlite`, `postgres` or `memory`. */
export interface Storage {
  readonly layer: Layer.Layer<StoragePorts, Error>
  /** The same with the accounts, organizations and access keys that the storage keeps. */
  readonly layerWithAccounts: Layer.Layer<StoragePorts | Accounts | AccountAdmin, Error>
}

/**
 * Made by `smtp`; or a function that hands one message to a mail service of your own. What it rejects with is tried
 * again later, unless its `permanent` is `true`. The same message may come twice: its `messageId` tells.
 */
export type Mail = { readonly layer: Layer.Layer<Mailer, Error> } | ((message: MailMessage) => Promise<unknown>)

/**
 * Resolvers to ask, as `address` or `address:port` (without any, the system's), and whether the domains' own name
 * servers are not to be asked (`mode: "resolver"`); or a layer of your own.
 */
export type Dns =
  | { readonly servers?: ReadonlyArray<string>; readonly mode?: "auto" | "resolver" }
  | { readonly layer: Layer.Layer<DnsResolver, Error> }

/** Who your customers are. What is not known is `undefined`. */
export interface AccountsOption {
  readonly account: (id: string) => Promise<Account | undefined>
  /** An organization of this account only. Without it there are none. */
  readonly organization?: (account: string, id: string) => Promise<Organization | undefined>
  /**
   * The account that an access key of the HTTP API belongs to, and the key's name for the history. The API remembers it
   * for a second. Without it no key is known.
   */
  readonly authenticate?: (secret: string) => Promise<{ readonly account: Account; readonly key: string } | undefined>
}
