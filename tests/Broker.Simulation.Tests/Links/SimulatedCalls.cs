using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Google.Protobuf;

namespace Broker.Simulation.Tests;

/// <summary>
/// The calls of a link: requests and replies travel as bytes, take time, get lost, arrive twice; each call ends by its deadline in
/// one of the three ways that the real link knows.
/// </summary>
internal sealed class SimulatedCalls(Process caller, PeerIdentity peer, Network network, Func<IServing?> server, TimeSpan limit)
{
    /// <summary>Changes requests on their way: a seeded fault.</summary>
    public Func<string, IMessage, IMessage>? Bends { get; set; }

    /// <summary>Answers in place of the server where it gives an answer: a seeded fault.</summary>
    public Func<string, IMessage, IMessage?>? Forges { get; set; }

    /// <summary>Sees answers: what a seeded fault learns from.</summary>
    public Action<string, IMessage, IMessage>? Learns { get; set; }

    /// <summary>Calls one operation.</summary>
    public Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        var call = new Call<TRequest, TReply>(operation);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TReply>(cancellationToken);
        }

        var registration = cancellationToken.UnsafeRegister(call.Cancel, cancellationToken);
        var deadline = caller.After(limit, call.Lose);
        call.OnEnd = () =>
        {
            registration.Unregister();
            deadline.Withdraw();
        };
        if (Forges?.Invoke(operation.Name, request) is { } forged)
        {
            network.After(network.Latency(), () => call.Answer(forged.ToByteArray()));
            return call.Task;
        }

        if (Learns is not null)
        {
            call.Learned = reply => Learns(operation.Name, request, reply);
        }

        var bent = Bends is null ? request : (TRequest)Bends(operation.Name, request);
        Send(call, bent.ToByteArray(), network.Next(operation.Name));
        return call.Task;
    }

    private void Send<TRequest, TReply>(Call<TRequest, TReply> call, byte[] bytes, LinkFault fault)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        if (fault == LinkFault.Drop)
        {
            return;
        }

        var target = server();
        if (target is null || fault == LinkFault.Disconnect)
        {
            network.After(network.Latency(), target is null ? call.Refuse : call.Lose);
            return;
        }

        target.Process.OnKill(() => network.After(network.Latency(), call.Lose));
        for (var copies = fault == LinkFault.Duplicate ? 2 : 1; copies > 0; copies--)
        {
            network.After(
                network.Latency(fault), () => target.Process.Post(() => _ = Serve(target, call, bytes, fault == LinkFault.DropReply)));
        }
    }

    private async Task Serve<TRequest, TReply>(IServing target, Call<TRequest, TReply> call, byte[] bytes, bool dropReply)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        Action end;
        try
        {
            var (reply, refusal) = await target.Serve(call.Operation, peer, bytes);
            end = refusal switch
            {
                null => () => call.Answer(reply!),
                { Status: 503 } => () => call.Fail(new ZoneUnavailableException(refusal.Code, refusal.Detail, null)),
                _ => () => call.Fail(new ZoneRefusedException(refusal.Code, refusal.Detail)),
            };
        }
        catch (MalformedException problem)
        {
            end = () => call.Fail(new ZoneRefusedException("malformed", problem.Message));
        }
        catch (Exception)
        {
            end = call.Lose;
        }

        var fault = network.Next("an answer to " + call.Operation.Name);
        if (!dropReply && fault != LinkFault.Drop)
        {
            network.After(network.Latency(fault), end);
        }
    }

    private sealed class Call<TRequest, TReply>(ZoneOperation<TRequest, TReply> operation)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new()
    {
        private readonly TaskCompletionSource<TReply> _end = new();

        public ZoneOperation<TRequest, TReply> Operation => operation;

        public Task<TReply> Task => _end.Task;

        public Action? OnEnd { get; set; }

        public Action<TReply>? Learned { get; set; }

        public void Answer(byte[] reply)
        {
            var parsed = operation.ReplyParser.ParseFrom(reply);
            if (_end.TrySetResult(parsed))
            {
                Learned?.Invoke(parsed);
                OnEnd?.Invoke();
            }
        }

        public void Fail(Exception problem)
        {
            if (_end.TrySetException(problem))
            {
                OnEnd?.Invoke();
            }
        }

        /// <summary>Nothing listens there.</summary>
        public void Refuse() => Fail(new ZoneUnavailableException("zone-unreachable", "no node of the zone answered", null));

        /// <summary>It was sent, and no answer came.</summary>
        public void Lose() => Fail(operation.ReadOnly
            ? new ZoneUnavailableException("zone-unreachable", "no node of the zone answered", null)
            : new ZoneUnknownOutcomeException("the zone did not answer", null));

        public void Cancel(object? state, CancellationToken token)
        {
            if (_end.TrySetCanceled(token))
            {
                OnEnd?.Invoke();
            }
        }
    }
}
