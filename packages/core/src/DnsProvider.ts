/**
 * DNS providers, known by the names of their name servers, and what differs in their panels; and services that send
 * mail, known by the names of their keys. Only for the wording of findings: nothing is judged by it.
 */

/** A provider and its panel. */
export interface DnsProvider {
  readonly name: string
  /** How its panel wants the name of a record: without the zone, or with it. */
  readonly names: "relative" | "absolute"
  /** What keeps a record from answering with the provider's own addresses, and what these look like. */
  readonly proxy?: { readonly off: string; readonly addresses: RegExp }
  /** What it calls answering with the records of a CNAME's target instead of the CNAME. */
  readonly flattening?: string
}

const cloudflare: DnsProvider = {
  name: "Cloudflare",
  names: "relative",
  proxy: {
    off: "set the proxy status to DNS only",
    // Of https://www.cloudflare.com/ips/, what proxied records answer with.
    addresses:
      /^(?:104\.(?:1[6-9]|2[0-7])|108\.162|141\.101|162\.15[89]|172\.(?:6[4-9]|7[01])|173\.245|188\.114|190\.93|198\.41)\.|^2606:4700:/
  },
  flattening: "CNAME flattening"
}

const relative = (name: string): DnsProvider => ({ name, names: "relative" })

/** By what the names of their name servers look like. */
const providers: ReadonlyArray<readonly [servers: RegExp, provider: DnsProvider]> = [
  [/\.ns\.cloudflare\.com$/, cloudflare],
  [/\.awsdns-\d+\.(?:com|net|org|co\.uk)$/, relative("Amazon Route 53")],
  [/\.akam\.net$/, { name: "Akamai Edge DNS", names: "absolute" }],
  [/\.azure-dns\.(?:com|net|org|info)$/, relative("Azure DNS")],
  [/\.digitalocean\.com$/, relative("DigitalOcean")],
  [/\.dnsimple(?:-edge)?\.(?:com|net|org)$/, relative("DNSimple")],
  [/\.domaincontrol\.com$/, relative("GoDaddy")],
  [/\.gandi\.net$/, relative("Gandi")],
  [/\.googledomains\.com$/, relative("Google Cloud DNS")],
  [/\.ns\.hetzner\.(?:com|de)$|\.second-ns\.(?:com|de)$/, relative("Hetzner")],
  [/\.nsone\.net$/, relative("NS1")],
  [/\.ovh\.net$/, relative("OVHcloud")],
  [/\.registrar-servers\.com$/, relative("Namecheap")],
  [/\.ui-dns\.(?:com|net|org|de|biz|info)$/, relative("IONOS")],
  [/\.vercel-dns\.com$/, relative("Vercel")],
  [/\.wixdns\.net$/, relative("Wix")]
]

/** The provider that all of these name servers belong to. */
export const providerOf = (nameServers: ReadonlyArray<string>): DnsProvider | undefined =>
  providers.find(([servers]) => nameServers.length > 0 && nameServers.every((server) => servers.test(server)))?.[1]

// To these, registrars move a domain that is unpaid or whose holder did not confirm the address.
const holding =
  /(?:^|\.)(?:suspended-domain\.com|pendingrenewaldeletion\.com|(?:failed-whois-verification|verify-contact-details)\.namecheap\.com)$/

/** That the registrar has put the domain on hold. */
export const isOnHold = (nameServers: ReadonlyArray<string>): boolean => nameServers.some((name) => holding.test(name))

/** By the names below which their keys are. */
const vendors: ReadonlyArray<readonly [names: RegExp, vendor: string]> = [
  [/\.amazonses\.com$/, "Amazon SES"],
  [/\.(?:brevo|sendinblue)\.com$/, "Brevo"],
  [/\.hubspotemail\.net$/, "HubSpot"],
  [/\.mailgun\.org$/, "Mailgun"],
  [/\.mailjet\.com$/, "Mailjet"],
  [/\.(?:mcsv\.net|mandrillapp\.com)$/, "Mailchimp"],
  [/\.mtasv\.net$/, "Postmark"],
  [/\.onmicrosoft\.com$/, "Microsoft 365"],
  [/\.proton\.ch$/, "Proton"],
  [/\.sendgrid\.net$/, "SendGrid"],
  [/\.sparkpostmail\.com$/, "SparkPost"],
  [/\.zoho\.(?:com|eu)$/, "Zoho"]
]

/** The service that a CNAME's target belongs to. */
export const vendorOf = (target: string): string | undefined => vendors.find(([names]) => names.test(target))?.[1]
