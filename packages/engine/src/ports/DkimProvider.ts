/**
 * Who signs the mail of a domain, and so which records its owner must publish.
 */
import type { AccountId, DnsPlan, DomainName } from "@countersign/core"
import { Context, type Effect } from "effect"

/** Says which records prove a domain for an account. */
export class DkimProvider extends Context.Service<
  DkimProvider,
  {
    /** The same plan again for the same account and domain. */
    readonly plan: (account: AccountId, domain: DomainName) => Effect.Effect<DnsPlan>
  }
>()("countersign/DkimProvider") {}
