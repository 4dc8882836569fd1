using Broker.Console.Keys;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Console.Customers;

/// <summary>
/// A share as its custodian keeps it: sealed to the custodian's key; what stands beside it only says how to open it. Of a rotation it
/// has the successions that lead from the pinned identity to the one that made it, before the broker shows that to everybody.
/// </summary>
internal sealed record ShareFile(
    string Format, string Cluster, string Customer, uint Epoch, string Split, uint Index, uint Threshold, uint Count, string Custodian,
    byte[] Sealed, IReadOnlyList<SignedModel>? Successions = null)
{
    public const string Version1 = "broker-share/1";

    public static ShareFile Of(CustodyRecord record, uint index, byte[] sealedShare)
    {
        var (way, split) = (record.Shares!.Way, record.Shares.Split);
        return new(
            Version1, record.Cluster.Value, record.Customer.Value, record.Epoch, split.ToString(), index, way.Threshold,
            (uint)way.Holders.Count, way.Holders[(int)index - 1].Name.Value, sealedShare);
    }

    /// <summary>Opens a share in locked memory and verifies it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="customer">The customer that is meant.</param>
    /// <param name="key">The custodian's key.</param>
    /// <param name="cluster">This installation.</param>
    /// <param name="pin">The customer's pinned identity.</param>
    /// <returns>The record, owned by the caller.</returns>
    /// <exception cref="SealedDataException">It is sealed to another key, or was altered.</exception>
    /// <exception cref="CommandException">It is another customer's, or not by the pinned identity.</exception>
    public static ShareRecord Open(string path, Name customer, SigningKey key, Name cluster, Digest pin)
    {
        var file = Files.ReadJson(path, ConsoleJson.Default.ShareFile);
        if (file.Format != Version1 || !Id16.TryParse(file.Split, out var split))
            throw CommandException.Usage($"{path} is not a share file of this version");
        if (file.Cluster != cluster.Value || file.Customer != customer.Value)
            throw CommandException.Usage($"{path} is a share of {file.Customer} in {file.Cluster}, not of {customer} in {cluster}");
        var record = Take(path, Hpke.Open(
            key.Agreement, CustodyInfo.SealedShare(cluster, customer, file.Epoch, split, file.Index), [], file.Sealed));
        try
        {
            if (record.Cluster != cluster || record.Customer != customer || record.Epoch != file.Epoch || record.Split != split ||
                record.Index != file.Index || !record.IsSigned)
            {
                throw CommandException.Unverified("share-forged", $"what {path} holds is not signed by the identity that it names");
            }

            PinSuccession.Require("share", pin, record.Identity.Fingerprint, file.Successions, cluster, customer);
            return record;
        }
        catch
        {
            record.Dispose();
            throw;
        }
    }

    private static ShareRecord Take(string path, SecretBuffer record)
    {
        try
        {
            return ShareRecord.Take(record);
        }
        catch (MalformedException)
        {
            throw CommandException.Unverified("share-forged", $"what {path} holds is not a share");
        }
    }
}
