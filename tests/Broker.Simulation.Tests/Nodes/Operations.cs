using Broker.Links.Identity;
using Broker.Links.Zone;
using Google.Protobuf;

namespace Broker.Simulation.Tests;

/// <summary>A process that serves calls of a link.</summary>
internal interface IServing
{
    Process Process { get; }

    /// <summary>Serves one call that has arrived, in the process that serves.</summary>
    Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, PeerIdentity peer, byte[] request)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new();
}

/// <summary>Which operation of a link is which method: what the product maps to paths.</summary>
internal sealed class Operations
{
    private readonly Dictionary<string, object> _handlers = [];

    public void Add<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, Func<PeerIdentity, TRequest, CancellationToken, Task<ZoneAnswer<TReply>>> handler)
        where TRequest : IMessage<TRequest>, new()
        where TReply : class, IMessage<TReply>, new() => _handlers[operation.Name] = new Handler<TRequest, TReply>(handler);

    public Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, PeerIdentity peer, byte[] request)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() =>
        ((IHandler<TRequest>)_handlers[operation.Name]).Serve(peer, operation.RequestParser.ParseFrom(request));

    private interface IHandler<in TRequest>
    {
        Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve(PeerIdentity peer, TRequest request);
    }

    private sealed class Handler<TRequest, TReply>(Func<PeerIdentity, TRequest, CancellationToken, Task<ZoneAnswer<TReply>>> handler)
        : IHandler<TRequest>
        where TReply : class, IMessage<TReply>, new()
    {
        public async Task<(byte[]? Reply, ZoneRefusal? Refusal)> Serve(PeerIdentity peer, TRequest request)
        {
            var answer = await handler(peer, request, CancellationToken.None);
            return (answer.Reply?.ToByteArray(), answer.Refusal);
        }
    }
}
