/** Whatever From is accepted, other people's readers see the same one address, and no other one in its name. */
import { spawnSync } from "node:child_process"
import { commandsOr, long, seed } from "@countersign/testkit"
import { Result } from "effect"
import fc from "fast-check"
import PostalMime from "postal-mime"
import { expect, it } from "vitest"
import { readMessage } from "../../src/index.ts"

const pieces = fc.constantFrom(
  ...["ada@example.com", "eve@example.net", "<ada@example.com>", "<eve@example.net>", "Ada", "ada", "&", "%40"],
  ...['"', "\\", "(", ")", "<", ">", ",", ";", ":", "@", ".", "'", "[", "]", "*", "_", "=", "?"],
  ...[" ", "\t", "\r\n ", "\r\n\t", "=?", "?=", "=?utf-8?q?", "=40"],
  ...["=?utf-8?q?eve=40example.net?=", "=?utf-8?b?QA==?=", "=?us-ascii?q?a?=", "=?utf-8?q?=22?=", "=?utf-8?q?=3Ceve?="],
  ...["=?utf-8?q?=2C?=", "=?utf-8*en?q?x?=", "=?iso-8859-1?Q?=A0?=", "=?utf-8?q?=EF=BC=A0?="]
)
const hostile = fc
  .tuple(fc.array(pieces, { minLength: 1, maxLength: 7 }), fc.constantFrom("<ada@example.com>", ""))
  .map(([parts, end]) => `From: ${parts.join("")}${end}\r\nSubject: a\r\n\r\n`)

const accepted = fc.sample(hostile, { numRuns: commandsOr(long ? 40_000 : 4_000), seed }).flatMap((raw) => {
  const read = readMessage(Buffer.from(raw))
  return Result.isFailure(read) ? [] : [{ raw, address: read.success.from.delivery }]
})

interface Seen {
  readonly addresses: ReadonlyArray<string>
  readonly name: string
}

/** The mails that a reader understands in another way. */
const misread = (seen: ReadonlyArray<Seen>) =>
  accepted.filter(({ address }, index) => {
    const { addresses, name } = seen[index] ?? { addresses: [], name: "" }
    const inName = name.normalize("NFKC").includes("@") && name.replaceAll(/[\s"'()<>[\]]/g, "") !== address
    return addresses.length !== 1 || addresses[0]?.toLowerCase() !== address.toLowerCase() || inName
  })

it(`is generated often enough (seed ${seed})`, () => {
  expect(accepted.length).toBeGreaterThan(100)
})

it(`is the same to postal-mime (seed ${seed})`, async () => {
  const read = async ({ raw }: { readonly raw: string }): Promise<Seen> => {
    const { from } = await PostalMime.parse(raw)
    return { addresses: from?.address === undefined ? [] : [from.address], name: from?.name ?? "" }
  }
  expect(misread(await Promise.all(accepted.map(read)))).toEqual([])
})

const python = `
import email, email.policy, json, sys
def seen(raw):
    field = email.message_from_string(raw, policy=email.policy.default)["from"]
    return {"addresses": [a.addr_spec for a in field.addresses], "name": field.addresses[0].display_name if field.addresses else ""}
print(json.dumps([seen(raw) for raw in json.load(sys.stdin)]))
`
const hasPython = spawnSync("python3", ["--version"]).status === 0
if (!hasPython) it.todo("NOT TESTED: how Python reads a From, because there is no python3")
it.runIf(hasPython)(`is the same to Python (seed ${seed})`, () => {
  const input = JSON.stringify(accepted.map(({ raw }) => raw))
  const { stdout, stderr } = spawnSync("python3", ["-c", python], { input, encoding: "utf8", maxBuffer: 2 ** 26 })
  expect(stderr).toBe("")
  expect(misread(JSON.parse(stdout))).toEqual([])
})
