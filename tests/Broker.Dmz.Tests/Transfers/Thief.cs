using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Broker.TestKit;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>
/// Who has a node's certificate and key file and started something of their own with them: whatever is not in the locked memory of
/// another process they can make, copy and bend.
/// </summary>
internal sealed class Thief : IDisposable
{
    private readonly TransferFixture _f;
    private readonly PeerClient _link;
    private readonly P256PrivateKey _key = P256PrivateKey.Generate(SystemRandom.Fill);

    public Thief(TransferFixture f, string node = "dmz-2")
    {
        _f = f;
        Stolen = f.World.Issue(LinkRole.Dmz, node);
        _link = new PeerClient(f.Owner.Node.Node, f.Owner.Address, Stolen, f.World.Time, Patience.Limit);
        Incarnation = new Incarnation(
            f.Owner.Node.Cluster, Name.Parse(node), PublicKey.Parse(_key.PublicKey), Digest.Of("binary"u8), f.World.Time.GetUtcNow());
        SignedIncarnation = SignWith(Stolen, Incarnation);
        Certificates = Stolen.ChainDer;
    }

    public InstallationKey Stolen { get; }

    public Incarnation Incarnation { get; }

    public Signed SignedIncarnation { get; set; }

    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; set; }

    public TransferRequest Request(Admission admission) => new(
        _f.Owner.Node.Cluster, _f.Customer.Name, 1, Incarnation.Node, Incarnation.Key.Fingerprint,
        _f.Owner.Node.Incarnation.Key.Fingerprint, admission.Hash(), _f.Owner.Node.NewNonce(),
        _f.World.Time.GetUtcNow() + TimeSpan.FromMinutes(1));

    /// <summary>What two people would sign for this thief, or bent.</summary>
    public Admission Admitted(Func<NodeAdmission, NodeAdmission>? bend = null, params string[] signers)
    {
        var statement = new NodeAdmission(
            Incarnation.Cluster, Incarnation.Node, Incarnation.Key.Fingerprint, Incarnation.Binary,
            _f.World.Time.GetUtcNow() + TimeSpan.FromHours(1));
        return _f.Admitters.Sign(bend?.Invoke(statement) ?? statement, signers.Length == 0 ? ["ann", "ben"] : signers);
    }

    public static Signed SignWith<T>(InstallationKey key, T statement)
        where T : IStatement<T>
    {
        var bytes = statement.Encode();
        return new Signed(bytes, key.Sign(bytes));
    }

    public Signed Sign<T>(T statement)
        where T : IStatement<T> => Sign(statement.Encode());

    public Signed Sign(byte[] bytes)
    {
        var signature = new byte[PublicKey.SignatureLength];
        _key.Sign(bytes, signature);
        return new Signed(bytes, signature);
    }

    public Wire.TransferRequest Wired(Admission admission, Func<TransferRequest, TransferRequest>? bend = null, TicketKey? ticketKey = null)
    {
        var request = Request(admission);
        var signed = Sign(bend?.Invoke(request) ?? request);
        var wire = new Wire.TransferRequest
        {
            Customer = _f.Customer.Name.Value,
            Request = Dmz.Peers.PeerWires.To(signed),
            Incarnation = Dmz.Peers.PeerWires.To(SignedIncarnation),
            Admission = ByteString.CopyFrom(admission.Encode()),
            TicketSignature = ticketKey is null ? ByteString.Empty : ByteString.CopyFrom(ticketKey.Sign(signed)),
        };
        wire.Certificates.AddRange(Certificates.Select(c => ByteString.CopyFrom(c.Span)));
        return wire;
    }

    public Task<string> Ask(Admission admission, Func<TransferRequest, TransferRequest>? bend = null, TicketKey? ticketKey = null) =>
        Send(Wired(admission, bend, ticketKey));

    /// <summary>The code of the refusal, or what there is to regret.</summary>
    public async Task<string> Send(Wire.TransferRequest wire)
    {
        try
        {
            var reply = await _link.TransferAsync(wire, default);
            return reply.Sealed.IsEmpty ? "nothing" : "handed over";
        }
        catch (ZoneRefusedException refused)
        {
            return refused.Code;
        }
    }

    public void Dispose()
    {
        _link.Dispose();
        _key.Dispose();
    }
}
