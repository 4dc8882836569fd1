using System.Security.Cryptography;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Console.Tests.Support;

/// <content>Another custody, and the next epoch.</content>
internal sealed partial class TestCustomer
{
    private List<SignedModel> _successions = [];
    private (CustodyRecord Record, CustomerSecret? Next, SignedModel? Succession)? _waiting;

    /// <summary>Bends the answer to a change of custody.</summary>
    public Func<EnrolledModel, EnrolledModel> BendCustody { get; set; } = static m => m;

    private EnrolledModel BeginCustody()
    {
        var isRotation = Request!.Action == UserAction.Rotate.Name;
        var (way, required, compromised) = isRotation
            ? Of(Statement.Read<RotatePayload>(Signed!.Payload.Span))
            : Of(Statement.Read<ChangeCustodyPayload>(Signed!.Payload.Span));
        var next = isRotation ? Secret.Succeed(SystemRandom.Fill) : null;
        var maker = next ?? Secret;
        Span<byte> split = stackalloc byte[Id16.Length];
        SystemRandom.Fill(split);
        var shares = ShareRecord.SealAll(maker, way, new Id16(split), SystemRandom.Fill);
        SystemRandom.Fill(_challenge!);
        _expected = [.. shares.Select(s => HMACSHA256.HashData(s.Confirmation.Span, _challenge!))];
        foreach (var (_, confirmation, _) in shares)
            confirmation.Dispose();
        var record = new CustodyRecord(
            maker.Cluster, maker.Customer, maker.Epoch, isRotation ? 1 : Custody.Revision + 1,
            [new KeptWay(way, new Id16(split), [.. shares.Select(static s => s.Proof)])], required, maker.Identity, maker.Intake,
            Signed!.Hash);
        var succession = next is null ? null : Link(next, compromised);
        _waiting?.Next?.Dispose();
        _waiting = (record, next, succession);
        return BendCustody(new EnrolledModel(
            SignedModel.From(maker.Sign(record)),
            [.. shares.Select((s, i) => new SealedShareModel((uint)i + 1, way.Holders[i].Name.Value, s.Sealed))], [], _challenge!,
            succession));
    }

    /// <summary>What waited for its holders counts.</summary>
    private void Succeed()
    {
        if (_waiting is not var (record, next, succession))
            return;
        _waiting = null;
        _custody = record;
        if (next is null)
            return;
        _secret!.Dispose();
        _secret = next;
        _successions = [.. _successions, succession!];
    }

    /// <summary>A succession as a key owner signs it.</summary>
    public static SignedModel Link(CustomerSecret next, bool compromised)
    {
        var old = next.Predecessor!;
        var signed = old.Sign(new Succession(next.Cluster, next.Customer, next.Epoch, old.Identity, next.Identity, compromised));
        return SignedModel.From(next.Sign(
            new SuccessionRecord(signed.Statement, compromised ? ReadOnlyMemory<byte>.Empty : signed.Signature)));
    }

    private static (CustodyWay Way, uint Required, bool Compromised) Of(RotatePayload payload) =>
        (payload.Ways[0], payload.AdministratorsRequired, payload.Compromised);

    private static (CustodyWay Way, uint Required, bool Compromised) Of(ChangeCustodyPayload payload) =>
        (payload.Ways[0], payload.AdministratorsRequired, false);
}
