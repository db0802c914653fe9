/**
 * Commits for an adapter's own tests: what adding one sender writes, complete and dull. Imports nothing of vitest, so
 * that a process that a test starts can use it.
 */
import { makeDnsPlan, type NewTask, type SenderEntry } from "@countersign/core"
import type { Commit } from "@countersign/engine"

export const account = "acc-1"

const sampleEntry = (sender: string): SenderEntry => {
  const domain = `${sender}.example.com`
  return {
    id: sender,
    account,
    owner: { _tag: "Organization", organization: "org-1" },
    kind: "email",
    address: `Ana@${domain}`,
    canonical: `ana@${domain}`,
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
    payload: { account, domain: `${sender}.example.com` }
  },
  {
    kind: "verification-mail",
    key: undefined,
    due: 1,
    spacing: 0,
    payload: { sender, incarnation: 1, verificationId: `verification of ${sender}` }
  }
]

/** Adds the sender: two events, its entry and two tasks. */
export const addCommit = (sender: string, who = account): Commit => ({
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
      entry: { ...sampleEntry(sender), account: who },
      tasks: tasksOf(sender)
    }
  ]
})
