using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Console.Customers;

/// <summary>A wrap as the customer keeps it: sealed to the key of its way.</summary>
internal sealed record WrapFile(
    string Format, string Customer, uint Epoch, string Way, byte[] Wrap, IReadOnlyList<SignedModel>? Successions = null)
{
    public const string Version1 = "broker-wrap/1";

    public static WrapFile Of(CustodyRecord record, SealedWrapModel wrap) =>
        new(Version1, record.Customer.Value, record.Epoch, wrap.Way, wrap.Wrap);

    /// <summary>Reads a wrap and holds what is public of it against what is meant.</summary>
    /// <param name="path">The file.</param>
    /// <param name="customer">The customer that is meant.</param>
    /// <param name="cluster">This installation.</param>
    /// <param name="pin">The customer's pinned identity.</param>
    /// <exception cref="CommandException">It is another customer's, or of another identity than the pinned one.</exception>
    public static SealedWrap Read(string path, Name customer, Name cluster, Digest pin)
    {
        var file = Files.ReadJson(path, ConsoleJson.Default.WrapFile);
        if (file.Format != Version1)
            throw CommandException.Usage($"{path} is not a wrap file of this version");
        SealedWrap wrap;
        try
        {
            wrap = Statement.Read<SealedWrap>(file.Wrap);
        }
        catch (MalformedException)
        {
            throw CommandException.Usage($"{path} holds no wrap, or was altered");
        }

        if (wrap.Cluster != cluster || wrap.Customer != customer)
            throw CommandException.Usage($"{path} is a wrap of {wrap.Customer} in {wrap.Cluster}, not of {customer} in {cluster}");
        PinSuccession.Require("wrap", pin, wrap.Identity.Fingerprint, file.Successions, cluster, customer);
        return wrap;
    }

    /// <summary>Opens a wrap in locked memory.</summary>
    /// <returns>The record, which the wrap's identity signed; owned by the caller.</returns>
    /// <exception cref="CommandException">It does not open, or is not what it says.</exception>
    public static WrapRecord Open(SealedWrap wrap, IKeyAgreement key) => WrapRecord.TryOpen(key, wrap, out var record) switch
    {
        WrapFailure.None => record!,
        WrapFailure.WrongKey => throw CommandException.Usage(
            $"the wrap is sealed to key {wrap.Key.Fingerprint}, this is {PublicKey.Parse(key.PublicKey).Fingerprint}",
            $"name the key of way {wrap.Way}"),
        WrapFailure.Altered => throw CommandException.Unverified("sealed-data-refused", "the wrap does not open: it was altered"),
        _ => throw CommandException.Unverified("wrap-forged", "what the wrap holds is not signed by the identity that it names"),
    };
}
