using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>How an identity that is shown relates to the one that was pinned.</summary>
public enum SuccessionOutcome
{
    /// <summary>It is the pinned one.</summary>
    Same,

    /// <summary>Each identity from the pinned one on has signed the next: it may be pinned instead.</summary>
    Followed,

    /// <summary>The pinned one, or one that followed it, was given up as compromised: people renew the pin.</summary>
    Broken,

    /// <summary>Nothing that was shown leads from the pinned one to it.</summary>
    Unproven,
}

/// <summary>Follows successions from a pinned identity. It needs nobody's word: each link carries its signatures.</summary>
public static class SuccessionChain
{
    /// <summary>Most links that are looked at: a customer rotates a few times a year.</summary>
    public const int MaxLinks = 256;

    /// <summary>Follows the links.</summary>
    /// <param name="pin">Fingerprint of the pinned identity.</param>
    /// <param name="shown">Fingerprint of the identity that is shown.</param>
    /// <param name="links">Entries that hold a <see cref="SuccessionRecord"/>, in the order of epochs; others are passed over.</param>
    /// <param name="cluster">The installation.</param>
    /// <param name="customer">The customer.</param>
    public static SuccessionOutcome Follow(Digest pin, Digest shown, IReadOnlyList<Signed> links, Name cluster, Name customer)
    {
        var (at, epoch) = (pin, 0u);
        foreach (var link in links.Take(MaxLinks))
        {
            if (at == shown)
            {
                break;
            }

            if (Read(link, out var record) is not { } next || next.Old.Fingerprint != at || next.Epoch <= epoch ||
                next.Cluster != cluster || next.Customer != customer || !link.IsBy(next.New))
            {
                continue;
            }

            if (next.Compromised)
            {
                return SuccessionOutcome.Broken;
            }

            if (!record.IsSigned(next))
            {
                return SuccessionOutcome.Unproven;
            }

            (at, epoch) = (next.New.Fingerprint, next.Epoch);
        }

        return at != shown ? SuccessionOutcome.Unproven : at == pin ? SuccessionOutcome.Same : SuccessionOutcome.Followed;
    }

    private static Succession? Read(Signed link, out SuccessionRecord record)
    {
        record = null!;
        try
        {
            record = link.Read<SuccessionRecord>();
            return record.Read();
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
