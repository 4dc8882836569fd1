using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Console.Customers;

/// <summary>What a holder keeps of a way of custody, opened in locked memory and verified against the pinned identity.</summary>
internal abstract class OpenedWay : IDisposable
{
    /// <summary>The way.</summary>
    public abstract Name Way { get; }

    /// <summary>The making that it is of.</summary>
    public abstract Id16 Split { get; }

    /// <summary>The epoch.</summary>
    public abstract uint Epoch { get; }

    /// <summary>The share, from 1; 0 of a wrap.</summary>
    public abstract uint Index { get; }

    /// <summary>The identity that made it.</summary>
    public abstract PublicKey Identity { get; }

    /// <summary>How the node names it where it lists what was given.</summary>
    public string Given => Index == 0 ? Way.Value : $"{Way}/{Index}";

    /// <summary>Answers the node that made it.</summary>
    public abstract byte[] Confirm(byte[] challenge);

    /// <summary>Shows that it is there; null where the challenge is for something else.</summary>
    public abstract byte[]? Prove(CustodyChallenge challenge);

    /// <summary>Gives it to a verified incarnation.</summary>
    public abstract Task<CustomerModel> GiveAsync(
        CommandContext context, Name customer, PublicKey incarnation, ulong acceptedCounter, Digest acceptedRoot);

    public abstract void Dispose();
}

/// <summary>A custodian's share.</summary>
internal sealed class OpenedShare(ShareRecord share) : OpenedWay
{
    private static readonly Name Shares = Name.Parse(WayKind.Shares.ToText());

    public override Name Way => Shares;

    public override Id16 Split => share.Split;

    public override uint Epoch => share.Epoch;

    public override uint Index => share.Index;

    public override PublicKey Identity => share.Identity;

    public override byte[] Confirm(byte[] challenge) => share.Confirm(challenge);

    public override byte[]? Prove(CustodyChallenge challenge) => share.Prove(challenge);

    public override Task<CustomerModel> GiveAsync(
        CommandContext context, Name customer, PublicKey incarnation, ulong acceptedCounter, Digest acceptedRoot)
    {
        var model = new ShareModel(
            share.Epoch, share.Split.ToString(), share.Index,
            share.SealForUnlock(incarnation, CustodyInfo.AcceptedHead(acceptedCounter, acceptedRoot), context.Host.Random),
            acceptedCounter, acceptedRoot.ToString(), context.Profile.Customer(customer).Head());
        return context.Gateway.PostAsync(
            GatewayClient.Of(customer, "/shares"), model, ApiJson.Default.ShareModel, ApiJson.Default.CustomerModel);
    }

    public override void Dispose() => share.Dispose();
}

/// <summary>A wrap that the customer keeps.</summary>
internal sealed class OpenedKeyWay(WrapRecord wrap) : OpenedWay
{
    public override Name Way => wrap.Way;

    public override Id16 Split => wrap.Split;

    public override uint Epoch => wrap.Epoch;

    public override uint Index => 0;

    public override PublicKey Identity => wrap.Identity;

    public override byte[] Confirm(byte[] challenge) => wrap.Confirm(challenge);

    public override byte[]? Prove(CustodyChallenge challenge) => wrap.Prove(challenge);

    public override Task<CustomerModel> GiveAsync(
        CommandContext context, Name customer, PublicKey incarnation, ulong acceptedCounter, Digest acceptedRoot)
    {
        var model = new WrapModel(
            wrap.Epoch, wrap.Way.Value, wrap.Split.ToString(),
            wrap.SealForUnlock(incarnation, CustodyInfo.AcceptedHead(acceptedCounter, acceptedRoot), context.Host.Random),
            acceptedCounter, acceptedRoot.ToString(), context.Profile.Customer(customer).Head());
        return context.Gateway.PostAsync(
            GatewayClient.Of(customer, "/wraps"), model, ApiJson.Default.WrapModel, ApiJson.Default.CustomerModel);
    }

    public override void Dispose() => wrap.Dispose();
}
