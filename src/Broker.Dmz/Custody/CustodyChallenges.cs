using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Custody;

/// <summary>
/// The challenges of this start of the node that wait for an answer: each is used once, within 10 minutes; over the bound the oldest of
/// the same customer goes, else the oldest. Thread-safe.
/// </summary>
internal sealed class CustodyChallenges(DmzContext node)
{
    internal const int MostOfCustomer = 32;
    internal const int Most = 4096;

    internal static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly OrderedDictionary<Digest, (Name Customer, long Made)> _open = [];

    private static Refused Unknown { get; } = new(
        Codes.ChallengeUnknown, "the challenge is not one that this start of the node waits for: used, old, or of another; ask for one");

    /// <summary>Makes a challenge.</summary>
    public CustodyChallenge Make(CustodyRecord record, Name way)
    {
        var challenge = new CustodyChallenge(
            node.Cluster, record.Customer, record.Epoch, way, node.Incarnation.Key.Fingerprint, node.NewNonce());
        lock (_gate)
        {
            while (_open.Count > 0 && node.Time.GetElapsedTime(_open.GetAt(0).Value.Made) > Life)
            {
                _open.RemoveAt(0);
            }

            if (_open.Values.Count(o => o.Customer == record.Customer) >= MostOfCustomer)
            {
                _open.Remove(_open.First(o => o.Value.Customer == record.Customer).Key);
            }
            else if (_open.Count >= Most)
            {
                _open.RemoveAt(0);
            }

            _open.Add(challenge.Nonce, (record.Customer, node.Time.GetTimestamp()));
        }

        return challenge;
    }

    /// <summary>Takes a challenge that is answered: it cannot be answered again, whatever the answer.</summary>
    /// <param name="encoding">As it came back.</param>
    /// <param name="customer">Whose call it came in.</param>
    public Result<CustodyChallenge> Take(ReadOnlySpan<byte> encoding, Name customer)
    {
        CustodyChallenge challenge;
        try
        {
            challenge = Statement.Read<CustodyChallenge>(encoding);
        }
        catch (MalformedException)
        {
            return new Refused(Codes.Malformed, "what came back is not a challenge");
        }

        lock (_gate)
        {
            return challenge.Incarnation == node.Incarnation.Key.Fingerprint && challenge.Customer == customer &&
                challenge.Cluster == node.Cluster && _open.TryGetValue(challenge.Nonce, out var open) && open.Customer == customer &&
                _open.Remove(challenge.Nonce) && node.Time.GetElapsedTime(open.Made) <= Life
                    ? challenge
                    : Unknown;
        }
    }

    /// <summary>Holds an answer against the custody record.</summary>
    /// <param name="challenge">The challenge.</param>
    /// <param name="record">The record, signed by the identity that it names.</param>
    /// <param name="index">The share, from 1; 0 of a wrap.</param>
    /// <param name="answer">The signature.</param>
    /// <returns>Who keeps what was proven.</returns>
    public static Result<NamedKey> Verify(CustodyChallenge challenge, CustodyRecord record, uint index, ReadOnlySpan<byte> answer)
    {
        if (record.Epoch != challenge.Epoch || record.Find(challenge.Way) is not { } kept)
        {
            return new Refused(Codes.WaySuperseded, $"custody was changed: there is no way {challenge.Way} of that epoch; begin again");
        }

        var first = kept.Way.Kind == WayKind.Shares ? 1u : 0;
        if (index < first || index - first >= kept.Proofs.Count || answer.Length != PublicKey.SignatureLength)
        {
            return new Refused(Codes.ProofWrong, $"way {challenge.Way} has no holder {index}, or the answer is not 64 bytes");
        }

        var place = (int)(index - first);

        return kept.Proofs[place].Verify(challenge.Encode(), answer)
            ? kept.Way.Holders[place]
            : new Refused(
                Codes.ProofWrong,
                kept.Way.Kind == WayKind.Shares
                    ? $"the answer is not that of share {index} of the current making; one from before a change proves nothing"
                    : $"the answer is not that of the current wrap of way {challenge.Way}; one from before a change proves nothing");
    }
}
