using Broker.CredentialZone.Operations;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Service;

/// <content>The intent of a transfer.</content>
internal sealed partial class ZoneService
{
    public Task<ZoneAnswer<Wire.AppendTransferReply>> AppendTransfer(
        PeerIdentity peer, Wire.AppendTransferRequest request, CancellationToken _) => Commit(
            new AppendTransfer(
                Name.Parse(request.Customer), request.Fence, peer.Name, Statement.Read<TransferRecord>(request.Record.Span)),
            static result => new Wire.AppendTransferReply
            {
                Receipt = UnsafeByteOperations.UnsafeWrap(result.Receipt.Encode()),
                LedgerPosition = result.Ledger.Length,
                LedgerHash = Wires.Bytes(result.Ledger.Hash),
            });
}
