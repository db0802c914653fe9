/**
 * What `serve --sandbox` prints when it is ready: five commands that walk the whole road, to be pasted one by one or
 * all at once into any shell that knows `$(...)`.
 */
import { AccountId, DomainName } from "@countersign/core"
import { DkimProvider } from "@countersign/engine"
import { Effect, Redacted } from "effect"
import { DemoAccount } from "./DemoAccount.ts"
import { bannerDomain } from "./DemoDomains.ts"
import type { SandboxFolder } from "./SandboxFolder.ts"
import { SandboxRelay } from "./SandboxRelay.ts"

const domain = DomainName.make(bannerDomain)
const address = `grace@${domain}`

// The page's form is guarded by a nonce that equals a cookie; a program may choose both.
const nonce = "pasted-from-the-banner"

/** @param url of the sandbox, without a trailing slash */
export const banner = Effect.fnUntraced(function* (url: string, folder: SandboxFolder) {
  const { account, accessToken } = yield* DemoAccount
  const { address: relay } = yield* SandboxRelay
  const { plan } = yield* DkimProvider
  const { records, tokens, zone } = yield* plan(AccountId.make(account.id), domain)
  const authorization = `-H 'Authorization: ${Redacted.value(accessToken)}'`
  return `
Countersign sandbox on ${url}
Its mail and DNS servers are real and stay on this machine. Open ${url}/sandbox, or paste:

1. Add a sender.

   curl -s ${url}/v1/email-address ${authorization} -H 'Content-Type: application/json' -d '{"email":"${address}"}'; echo

2. Confirm the link in the mail (200 means confirmed).

   sleep 1; curl -s -o /dev/null -w '%{http_code}\\n' -b countersign_nonce=${nonce} -d nonce=${nonce} -d action=confirm "$(curl -s ${url}/sandbox/inbox.json | grep -o '${url}/verify/[A-Za-z0-9_-]*' | head -n 1)"

3. Publish the ${records.length} DNS records.

   k=1; for t in ${tokens.join(" ")}; do curl -s -X PUT ${url}/sandbox/dns/$t._domainkey.${domain} -d '{"type":"CNAME","value":"'$t.k$k.${zone}'"}'; echo; k=$((k+1)); done

4. See that it is active.

   sleep 2; curl -s ${url}/v1/email-address ${authorization}; echo

5. Send an invoice through the relay, which signs it, and see what its receiver says of it.

   printf '%s\\r\\n' 'From: Grace <${address}>' 'To: customer@example.net' 'Subject: Invoice 1001' '' 'Thank you for your order.' | curl -s --url smtp://${relay} --user ${account.id}:${Redacted.value(accessToken)} --mail-from ${address} --mail-rcpt customer@example.net -T - -D - | tail -n 1; curl -s ${url}/sandbox/inbox.json | grep -o '"authentication":{[^}]*}' | head -n 1

${
  folder.kept
    ? `Everything is kept in ${folder.path}.`
    : "Nothing is kept after it stops; set COUNTERSIGN_DATA to a folder to keep everything."
} Ctrl-C stops it.
`
})
