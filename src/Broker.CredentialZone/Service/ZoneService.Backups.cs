using Broker.CredentialZone.Operations;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Service;

/// <content>The intent of looking into a backup.</content>
internal sealed partial class ZoneService
{
    public Task<ZoneAnswer<Wire.AppendBackupCheckReply>> AppendBackupCheck(
        PeerIdentity peer, Wire.AppendBackupCheckRequest request, CancellationToken _) => Commit(
            new AppendBackupCheck(
                Name.Parse(request.Customer), request.Fence, peer.Name, Wires.Signed(request.Check, "check")),
            static result => new Wire.AppendBackupCheckReply
            {
                Receipt = UnsafeByteOperations.UnsafeWrap(result.Receipt.Encode()),
                LedgerPosition = result.Ledger.Length,
                LedgerHash = Wires.Bytes(result.Ledger.Hash),
            });
}
