/**
 * Providers by their name servers, and services by the names of their keys.
 */
import { describe, expect, it } from "vitest"
import { isOnHold, providerOf, vendorOf } from "../src/DnsProvider.ts"

describe("the provider", () => {
  it.each([
    ["amy.ns.cloudflare.com", "Cloudflare"],
    ["ns-2048.awsdns-64.co.uk", "Amazon Route 53"],
    ["a1-1.akam.net", "Akamai Edge DNS"],
    ["ns1-01.azure-dns.com", "Azure DNS"],
    ["ns1.digitalocean.com", "DigitalOcean"],
    ["ns1.dnsimple-edge.org", "DNSimple"],
    ["ns01.domaincontrol.com", "GoDaddy"],
    ["ns-1-a.gandi.net", "Gandi"],
    ["ns-cloud-a1.googledomains.com", "Google Cloud DNS"],
    ["helium.ns.hetzner.de", "Hetzner"],
    ["ns3.second-ns.com", "Hetzner"],
    ["dns1.p01.nsone.net", "NS1"],
    ["dns10.ovh.net", "OVHcloud"],
    ["dns1.registrar-servers.com", "Namecheap"],
    ["ns1001.ui-dns.biz", "IONOS"],
    ["ns1.vercel-dns.com", "Vercel"],
    ["ns0.wixdns.net", "Wix"],
    ["cloudflare.com", undefined],
    ["amy.ns.cloudflare.com.example.net", undefined]
  ])("of %s is %s", (server, name) => {
    expect(providerOf([server])?.name).toBe(name)
  })

  it("is one that has all name servers", () => {
    expect(providerOf(["amy.ns.cloudflare.com", "bob.ns.cloudflare.com"])?.name).toBe("Cloudflare")
    expect(providerOf(["amy.ns.cloudflare.com", "ns1.digitalocean.com"])).toBeUndefined()
    expect(providerOf([])).toBeUndefined()
  })

  it.each([
    ["104.16.0.1", true],
    ["104.27.255.255", true],
    ["104.28.0.1", false],
    ["172.64.0.1", true],
    ["172.71.0.1", true],
    ["172.72.0.1", false],
    ["162.158.1.1", true],
    ["188.114.96.1", true],
    ["2606:4700::1", true],
    ["2606:4701::1", false],
    ["192.0.2.1", false]
  ])("Cloudflare answers for a proxied record with %s: %s", (address, proxied) => {
    expect(providerOf(["amy.ns.cloudflare.com"])?.proxy?.addresses.test(address)).toBe(proxied)
  })
})

describe("a domain is on hold", () => {
  it.each([
    [["ns1.suspended-domain.com"], true],
    [["ns1.pendingrenewaldeletion.com"], true],
    [["failed-whois-verification.namecheap.com"], true],
    [["verify-contact-details.namecheap.com"], true],
    [["ns1.example.net", "ns2.suspended-domain.com"], true],
    [["ns1.not-suspended-domain.com"], false],
    [[], false]
  ])("with the name servers %j: %s", (servers, held) => {
    expect(isOnHold(servers)).toBe(held)
  })
})

describe("the service that a target belongs to", () => {
  it.each([
    ["x.dkim.amazonses.com", "Amazon SES"],
    ["x.brevo.com", "Brevo"],
    ["x.sendinblue.com", "Brevo"],
    ["x.hubspotemail.net", "HubSpot"],
    ["x.mailgun.org", "Mailgun"],
    ["x.dkim.mailjet.com", "Mailjet"],
    ["dkim.mcsv.net", "Mailchimp"],
    ["dkim.mandrillapp.com", "Mailchimp"],
    ["x.dkim.mtasv.net", "Postmark"],
    ["selector1._domainkey.x.onmicrosoft.com", "Microsoft 365"],
    ["x.domains.proton.ch", "Proton"],
    ["x.wl.sendgrid.net", "SendGrid"],
    ["x.sparkpostmail.com", "SparkPost"],
    ["x.zoho.eu", "Zoho"],
    ["mailgun.org.example.net", undefined],
    ["notmailgun.org", undefined]
  ])("%s is %s", (target, vendor) => {
    expect(vendorOf(target)).toBe(vendor)
  })
})
