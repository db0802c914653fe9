/**
 * Other people's verifiers, which judge what we signed: `mailauth` of npm, and Debian's `python3-dkim` and
 * `libmail-dkim-perl` where they are installed. Each gets the DNS from us and takes many mails in one process.
 */
import { spawnSync } from "node:child_process"
import { authenticate } from "mailauth"

/** TXT records by name. */
export type Records = Readonly<Record<string, string>>

/** For each mail, whether it passes as mail of `domain`: a signature with that `d=` that holds. */
export type Judge = (
  mails: ReadonlyArray<Uint8Array>,
  domain: string,
  records: Records
) => Promise<ReadonlyArray<boolean>>

/** As a receiver does under `p=reject; adkim=s`: DKIM passes and is aligned, so DMARC does. */
const mailauth: Judge = (mails, domain, records) => {
  const published: Records = { ...records, [`_dmarc.${domain}`]: "v=DMARC1; p=reject; adkim=s" }
  const resolver = async (name: string, type: string) => {
    const text = type === "TXT" ? published[name] : undefined
    if (text === undefined) throw Object.assign(new Error(`no such name: ${name}`), { code: "ENOTFOUND" })
    return [[text]]
  }
  const pass = async (mail: Uint8Array) => {
    const { dkim, dmarc } = await authenticate(Buffer.from(mail), {
      ...{ ip: "192.0.2.1", helo: "mx.invalid", sender: "bounce@invalid.invalid", mta: "mx.invalid" },
      ...{ resolver, disableArc: true, disableBimi: true }
    })
    const signed = dkim.results.some(
      ({ signingDomain, status }) => signingDomain === domain && status.result === "pass"
    )
    return signed && dmarc !== false && dmarc.status.result === "pass"
  }
  return Promise.all(mails.map(pass))
}

const python = `
import base64, json, sys, dkim
given = json.load(sys.stdin)
def lookup(name, timeout=5):
    text = given["records"].get(name.decode().rstrip("."))
    return None if text is None else text.encode()
def passes(mail):
    judged = dkim.DKIM(base64.b64decode(mail))
    for index, field in enumerate(f for f in judged.headers if f[0].lower() == b"dkim-signature"):
        try:
            if judged.verify(index, dnsfunc=lookup) and judged.domain.decode() == given["domain"]: return True
        except dkim.DKIMException:
            pass
    return False
print(json.dumps([passes(mail) for mail in given["mails"]]))
`

const perl = `
use strict; use warnings; use JSON::PP; use MIME::Base64; use Net::DNS; use Mail::DKIM::Verifier;
my $given = decode_json(join "", <STDIN>);
no warnings "redefine";
*Mail::DKIM::DNS::query_async = sub {
  my ($name, $type, %options) = @_;
  my $text = $given->{records}{$name};
  my @answer = defined $text ? (Net::DNS::RR->new(owner => $name, type => "TXT", txtdata => [unpack "(a255)*", $text])) : ();
  my $result = $options{Callbacks}{Success}->(@answer);
  return sub { $result };
};
my @passes = map {
  my $judged = Mail::DKIM::Verifier->new;
  $judged->PRINT(decode_base64($_));
  $judged->CLOSE;
  (grep { $_->domain eq $given->{domain} && $_->result eq "pass" } $judged->signatures) ? JSON::PP::true : JSON::PP::false
} @{$given->{mails}};
print encode_json(\\@passes);
`

const program =
  (command: string, args: ReadonlyArray<string>): Judge =>
  async (mails, domain, records) => {
    const input = JSON.stringify({ mails: mails.map((mail) => Buffer.from(mail).toString("base64")), domain, records })
    const { status, stdout, stderr } = spawnSync(command, args, { input, encoding: "utf8", maxBuffer: 2 ** 26 })
    if (status !== 0) throw new Error(`${command} failed: ${stderr}`)
    return JSON.parse(stdout)
  }

const candidates = [
  { name: "python3-dkim", command: "/usr/bin/python3", option: "-c", probe: "import dkim", code: python },
  {
    name: "libmail-dkim-perl",
    command: "/usr/bin/perl",
    option: "-e",
    probe: "use Mail::DKIM::Verifier; use JSON::PP; use Net::DNS",
    code: perl
  }
]

const isPresent = ({ command, option, probe }: (typeof candidates)[number]) =>
  spawnSync(command, [option, probe]).status === 0
const present = candidates.filter(isPresent)

/** What a run says at its end about who could not judge. */
export const absentJudges: ReadonlyArray<string> = candidates
  .filter((each) => !present.includes(each))
  .map(
    ({ name }) =>
      `NOT TESTED: what ${name} says of our signatures, because it is not installed (apt-get install ${name})`
  )

/** Everybody who can judge on this machine. */
export const judges: ReadonlyArray<readonly [name: string, judge: Judge]> = [
  ["mailauth", mailauth],
  ...present.map(({ name, command, option, code }) => [name, program(command, [option, code])] as const)
]
