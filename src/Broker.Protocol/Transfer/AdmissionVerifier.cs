using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>Whether an admission admits an incarnation. What a holder has to remember, its tickets, stays with the holder.</summary>
public static class AdmissionVerifier
{
    /// <summary>Verifies a statement of two people.</summary>
    /// <param name="admission">Of kind <see cref="AdmissionKind.Statement"/>.</param>
    /// <param name="incarnation">The incarnation that asks, which its node's certificate key has signed.</param>
    /// <param name="people">The cluster's admission list.</param>
    /// <param name="now">The time.</param>
    /// <returns>A constant of <see cref="AdmissionRefusal"/>, or null when it admits the incarnation.</returns>
    public static string? OfPeople(
        Admission admission, Incarnation incarnation, IReadOnlyDictionary<Name, PublicKey> people, DateTimeOffset now)
    {
        NodeAdmission named;
        try
        {
            named = Statement.Read<NodeAdmission>(admission.Statement.Span);
        }
        catch (MalformedException)
        {
            return AdmissionRefusal.Malformed;
        }

        return named switch
        {
            _ when named.Cluster != incarnation.Cluster || named.Node != incarnation.Node ||
                named.Incarnation != incarnation.Key.Fingerprint => AdmissionRefusal.OfAnother,
            _ when named.Binary != incarnation.Binary => AdmissionRefusal.WrongBinary,
            _ when !IsInTime(named.NotAfter, NodeAdmission.MaxLife, now) => AdmissionRefusal.Expired,
            _ => Signatures(admission, people),
        };
    }

    /// <summary>Whether a time is neither over nor further ahead than a life, as far as clocks can tell.</summary>
    public static bool IsInTime(DateTimeOffset notAfter, TimeSpan life, DateTimeOffset now) =>
        notAfter + RequestVerifier.ClockSkew >= now && notAfter <= now + life + RequestVerifier.ClockSkew;

    private static string? Signatures(Admission admission, IReadOnlyDictionary<Name, PublicKey> people)
    {
        var keys = new HashSet<Digest>();
        foreach (var signature in admission.Signatures)
        {
            if (!people.TryGetValue(signature.Signer, out var key))
            {
                return AdmissionRefusal.Stranger;
            }

            if (!key.Verify(admission.Statement.Span, signature.Value.Span))
            {
                return AdmissionRefusal.Forged;
            }

            if (!keys.Add(key.Fingerprint))
            {
                return AdmissionRefusal.SamePerson;
            }
        }

        return keys.Count < NodeAdmission.People ? AdmissionRefusal.TooFew : null;
    }
}
