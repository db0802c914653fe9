/**
 * Commits for an adapter's own tests: what adding one sender writes, complete and dull. Imports nothing of vitest, so
 * that a process that a test starts can use it.
 */
import {
  AccountId,
  CanonicalAddress,
  installationAccount,
  KeyId,
  keyRingDecider,
  keyRingId,
  makeDnsPlan,
  type NewTask,
  OrganizationId,
  type Owner,
  type SenderEntry,
  StoredDomainName,
  StoredSenderId
} from "@countersign/core"
import type { Commit } from "@countersign/engine"

export const account = AccountId.make("acc-1")
export const organization: Owner = { _tag: "Organization", organization: OrganizationId.make("org-1") }

const domainOf = (sender: string) => StoredDomainName.make(`${sender}.example.com`)

const sampleEntry = (sender: string, who: string): SenderEntry => {
  const domain = domainOf(sender)
  return {
    id: StoredSenderId.make(sender),
    account: AccountId.make(who),
    owner: organization,
    kind: "email",
    address: `Ana@${domain}`,
    canonical: CanonicalAddress.make(`ana@${domain}`),
    domain,
    status: "pending",
    mailbox: "pending",
    domainState: "pending",
    domainSince: 1,
    verdicts: [],
    plan: makeDnsPlan(domain, ["t1", "t2", "t3"], "dkim.example.net"),
    metadata: { plan: "pro" },
    incarnation: 1,
    addedAt: 1,
    updatedAt: 1
  }
}

const tasksOf = (sender: string): ReadonlyArray<NewTask> => [
  {
    kind: "probe",
    key: `probe:${sender}`,
    due: 1,
    spacing: 0,
    payload: { account, domain: domainOf(sender) }
  },
  {
    kind: "verification-mail",
    key: undefined,
    due: 1,
    spacing: 0,
    payload: { sender: StoredSenderId.make(sender), incarnation: 1, verificationId: `verification of ${sender}` }
  }
]

/** Adds the sender: two events, its entry and two tasks. */
export const addCommit = (sender: string, who: string = account): Commit => ({
  account: who,
  command: { id: `add ${sender}`, fingerprint: "f", result: JSON.stringify({ sender }) },
  appends: [
    {
      stream: sender,
      expected: 0,
      events: ["SenderAdded", "VerificationRequested"].map((type) => ({
        type,
        schemaVersion: 1,
        data: JSON.stringify({ at: 1, text: "x".repeat(400) }),
        meta: JSON.stringify({ actor: "test" })
      })),
      entry: sampleEntry(sender, who),
      tasks: tasksOf(sender)
    }
  ]
})

/** Makes the first key of the ring, in slot 1. */
export const ringCommit = (id: string, wrapped: string): Commit => {
  const keyId = KeyId.make(id)
  const made = keyRingDecider.codec.encode({ _tag: "KeyGenerated", at: 1, slot: 1, keyId, publicKey: "MIIB" })
  return {
    account: installationAccount,
    command: { id: `make ${id}`, fingerprint: "f", result: "{}" },
    appends: [{ stream: keyRingId, expected: 0, events: [{ ...made, meta: "{}" }], entry: undefined, tasks: [] }],
    keys: [{ _tag: "Put", keyId, wrapped }]
  }
}
