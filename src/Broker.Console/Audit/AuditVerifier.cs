using Broker.Console.Customers;
using Broker.Console.Shell;
using Broker.Links.Identity;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Audit;

/// <summary>Verifies an export with nothing but the root certificate, and what was remembered from before.</summary>
internal static class AuditVerifier
{
    /// <summary>Verifies.</summary>
    /// <param name="header">First line.</param>
    /// <param name="lines">The rest.</param>
    /// <param name="trust">The root.</param>
    /// <param name="pin">The identity, where it is known.</param>
    /// <param name="before">A checkpoint, where there is one.</param>
    /// <returns>The report; the new checkpoint where it holds.</returns>
    public static (AuditReport Report, Checkpoint? Checkpoint) Verify(
        AuditHeader header, IEnumerable<AuditLine> lines, LinkTrust trust, Digest? pin, Checkpoint? before)
    {
        var custody = Custody(header, trust.Cluster, pin);
        var keys = new LedgerKeys(trust);
        var cluster = new ClusterAudit(trust.Cluster, custody.Customer, keys);
        var customer = new CustomerAudit(custody, First(header, custody), keys);
        try
        {
            foreach (var line in lines)
            {
                if (line.Chain == AuditLine.Customer)
                    customer.Next(line.Receipt);
                else if (line.Chain == AuditLine.Cluster && customer.Reader.Length == 0)
                    cluster.Next(line.Receipt);
                else
                    throw CommandException.Unverified(
                        "export-malformed", "the cluster's chain comes first, then the customer's, and no other");
            }

            customer.End();
            cluster.Compare(customer.Reader);
            Compare(before, customer, cluster.Reader, custody.Customer);
        }
        catch (AuditException e)
        {
            return (Report(custody, customer, cluster, pin, new AuditBreak(e.Chain, e.Position, e.Code, e.Message)), null);
        }

        return (Report(custody, customer, cluster, pin, null), new Checkpoint(
            customer.Reader.Length, Last(customer.Reader), cluster.Reader.Length, Last(cluster.Reader)));
    }

    private static CustodyRecord Custody(AuditHeader header, Name cluster, Digest? pin)
    {
        if (header.Cluster != cluster.Value)
            throw CommandException.Usage(
                $"the export is of installation {header.Cluster}, the root of {cluster}", "name that installation's root");
        CustodyRecord record;
        try
        {
            record = header.Custody.ToSigned().Read<CustodyRecord>();
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("custody-forged", "what the export holds is not a custody record");
        }

        // Who pinned an earlier identity believes the one that followed it.
        var shown = record.Identity.Fingerprint;
        var followed = pin is { } known ? Follow(header, known, shown, cluster, record.Customer) : SuccessionOutcome.Followed;
        if (followed == SuccessionOutcome.Broken)
        {
            throw CommandException.Unverified(
                "identity-not-pinned", $"the pinned identity was given up as compromised; the export shows {shown}",
                PinSuccession.RenewHint);
        }

        if (followed == SuccessionOutcome.Followed)
            pin = shown;
        return record.Customer.Value == header.Customer
            ? PinnedCustomer.Verify(header.Custody, cluster, record.Customer, pin!.Value)
            : throw CommandException.Unverified("custody-forged", "the custody record is another customer's");
    }

    private static SuccessionOutcome Follow(AuditHeader header, Digest pin, Digest shown, Name cluster, Name customer) =>
        SuccessionChain.Follow(pin, shown, [.. (header.Successions ?? []).Select(static s => s.ToSigned())], cluster, customer);

    // Each succession stands in the chain again, where it is verified; here the first only says with which identity the chain begins.
    private static PublicKey First(AuditHeader header, CustodyRecord custody)
    {
        try
        {
            return header.Successions is [var first, ..] ? first.ToSigned().Read<SuccessionRecord>().Read().Old : custody.Identity;
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("succession-forged", "what the export holds is not a succession");
        }
    }

    private static void Compare(Checkpoint? before, CustomerAudit customer, ChainReader cluster, Name name)
    {
        if (before is null)
            return;
        var restored = customer.Restorations is [.., var last] ? $"; {last}" : "";
        Compare(name.Value, customer.Reader, before.Blocks, before.Hash, restored);
        Compare(Protocol.Ledger.Block.ClusterChain, cluster, before.ClusterBlocks, before.ClusterHash, restored);
    }

    private static void Compare(string chain, ChainReader reader, ulong blocks, string hash, string restored)
    {
        if (blocks == 0)
            return;
        if (reader.Length < blocks)
            throw new AuditException(chain, reader.Length, "tail-cut",
                $"{blocks} blocks were verified before; the end is missing{restored}");
        if (reader.HashAt(blocks - 1).ToString() != hash)
            throw new AuditException(chain, blocks - 1, "checkpoint-differs",
                "another block was verified at this position before" + restored);
    }

    private static AuditReport Report(CustodyRecord custody, CustomerAudit customer, ClusterAudit cluster, Digest? pin, AuditBreak? at)
    {
        var notChecked = new List<string>
        {
            "the certificate by which the enrolment plan was signed: it is not in the ledger",
            "rows and directory under the heads: the ledger holds their roots, not their content",
        };
        if (pin is null)
            notChecked.Add(
                "that the identity is the customer's: nothing is pinned here; compare its fingerprint by voice, or give --identity");
        if (customer.AdmittedByPeople > 0)
            notChecked.Add(
                $"who signed for {customer.AdmittedByPeople} starts of nodes: the admission list is the nodes' own, not the ledger's");
        if (customer.UnknownKinds.Count > 0)
            notChecked.Add("content of blocks of kinds that this version does not know: " + string.Join(' ', customer.UnknownKinds));
        return new AuditReport(
            custody.Customer.Value, custody.Identity.Fingerprint.ToString(), pin is not null, customer.Reader.Length, cluster.Reader.Length,
            Last(customer.Reader), customer.Requests, customer.HandOffs, customer.OpenHandOffs, customer.Kinds, notChecked, at)
        {
            Restorations = customer.Restorations,
        };
    }

    private static string Last(ChainReader reader) => (reader.Length == 0 ? Digest.Zero : reader.HashAt(reader.Length - 1)).ToString();
}
