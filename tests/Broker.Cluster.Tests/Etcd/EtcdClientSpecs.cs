using System.Security.Authentication;
using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Grpc;
using Broker.Cluster.Etcd.Wire;
using Broker.Cluster.Tests.Support;
using Broker.Links.Identity;
using Broker.TestKit;
using Google.Protobuf;

namespace Broker.Cluster.Tests.Etcd;

[Collection(AloneCollection.Name)]
public sealed class EtcdClientSpecs : IDisposable
{
    private static readonly ByteString Key = ByteString.CopyFromUtf8("/k");

    private readonly EtcdAuthority _authority = new();

    [Fact]
    public async Task Client_should_write_and_read_over_mutual_TLS_and_ask_for_a_member_with_a_leader()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        string? leader = null, te = null, type = null;
        etcd.Before = (_, context) =>
        {
            (leader, te, type) = (context.Request.Headers["hasleader"], context.Request.Headers.TE, context.Request.ContentType);
            return Task.CompletedTask;
        };
        using var client = Client(etcd.Address);
        await client.CallAsync(EtcdMethods.Put, new PutRequest { Key = Key, Value = Key }, default);
        var read = await client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default);
        Assert.Equal((Key, 2L), (Assert.Single(read.Kvs).Value, read.Header.Revision));
        Assert.Equal(("true", "trailers", "application/grpc"), (leader, te, type));
    }

    [Fact]
    public async Task Client_certificate_should_work_with_an_RSA_key()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        var (certificate, key) = _authority.Issue("rsa", rsa: true);
        using var client = Client(EtcdTls.Load(_authority.Authority, certificate, key), etcd.Address);
        Assert.Equal("3.4.0", (await client.StatusAsync(etcd.Address, default)).Version);
    }

    [Theory]
    [InlineData(4, EtcdFailure.Unavailable, true)]
    [InlineData(5, EtcdFailure.NotFound, false)]
    [InlineData(7, EtcdFailure.Denied, false)]
    [InlineData(8, EtcdFailure.Full, false)]
    [InlineData(9, EtcdFailure.Refused, false)]
    [InlineData(11, EtcdFailure.OutOfRange, false)]
    [InlineData(14, EtcdFailure.Unavailable, true)]
    [InlineData(16, EtcdFailure.Denied, false)]
    public async Task Status_of_a_call_should_be_a_typed_error_in_plain_words(int status, object failure, bool mayHaveHappened)
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        etcd.Before = (_, context) => FakeEtcd.FailAsync(context, status, "etcdserver: no%0A good");
        using var client = Client(etcd.Address);
        var error = await Assert.ThrowsAsync<EtcdException>(
            () => client.CallAsync(EtcdMethods.Put, new PutRequest { Key = Key }, default));
        Assert.Equal((failure, mayHaveHappened), (error.Failure, error.MayHaveHappened));
        Assert.Equal($"etcd: code {status}: etcdserver: no%0A good", error.Message);
    }

    [Fact]
    public async Task Endpoint_that_refuses_should_be_passed_by_even_for_what_must_not_be_done_twice()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        using var client = Client(Ports.Refusing(), etcd.Address);
        await client.CallAsync(EtcdMethods.Put, new PutRequest { Key = Key }, default);
        await client.CallAsync(EtcdMethods.Put, new PutRequest { Key = Key }, default);
        Assert.Equal(3, etcd.Store.Revision);
    }

    [Fact]
    public async Task Endpoint_that_hangs_should_cost_one_attempt_and_then_be_left()
    {
        var time = new ManualTime();
        var (asked, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var hanging = await FakeEtcd.StartAsync(_authority);
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        hanging.Before = (_, _) =>
        {
            asked.TrySetResult();
            return never.Task;
        };
        using var client = new EtcdClient(
            new EtcdClientOptions([hanging.Address, etcd.Address]) { ConnectTimeout = Patience.Limit }, _authority.Client(), time);
        var read = client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default);
        await asked.Task;
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Empty((await read).Kvs);
        await client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default);
        Assert.Equal((1, 2), (hanging.Calls.Count, etcd.Calls.Count));
    }

    [Fact]
    public async Task Write_that_may_have_arrived_should_not_be_sent_to_another_endpoint()
    {
        await using var dying = await FakeEtcd.StartAsync(_authority);
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        dying.After = (_, context) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        using var client = Client(dying.Address, etcd.Address);
        var error = await Assert.ThrowsAsync<EtcdException>(
            () => client.CallAsync(EtcdMethods.Put, new PutRequest { Key = Key }, default));
        Assert.True(error.MayHaveHappened);
        Assert.Equal((2, 1), (dying.Store.Revision, etcd.Store.Revision));
        Assert.Empty(etcd.Calls);
        Assert.Empty((await client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default)).Kvs);
    }

    [Fact]
    public async Task Answer_that_is_none_should_be_malformed_or_too_large_and_bounded()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        byte[] body = [];
        etcd.Before = async (_, context) =>
        {
            await context.Response.Body.WriteAsync(body);
            await context.Response.CompleteAsync();
        };
        using var client = Client(etcd.Address);
        Assert.Equal(EtcdFailure.Malformed, await FailureAsync([]));
        Assert.Equal(EtcdFailure.Malformed, await FailureAsync([1, 0, 0, 0, 0]));
        Assert.Equal(EtcdFailure.Malformed, await FailureAsync([0, 0, 0, 0, 2, 0x0A, 0x7F]));
        Assert.Equal(EtcdFailure.Unavailable, await FailureAsync([0, 0, 0]));
        Assert.Equal(EtcdFailure.Unavailable, await FailureAsync([0, 0, 0, 0, 9, 1]));
        // Nothing else of this process runs meanwhile.
        var before = GC.GetTotalAllocatedBytes();
        Assert.Equal(EtcdFailure.TooLarge, await FailureAsync([0, 0xFF, 0xFF, 0xFF, 0xFF, 1]));
        Assert.Equal(EtcdFailure.TooLarge, await FailureAsync([0, 0, 0x40, 0, 1, 1]));
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 32 << 20);

        async Task<EtcdFailure> FailureAsync(byte[] answer)
        {
            body = answer;
            return (await Assert.ThrowsAsync<EtcdException>(
                () => client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default))).Failure;
        }
    }

    [Fact]
    public async Task Server_of_another_authority_or_another_name_should_get_nothing()
    {
        using var foreign = new EtcdAuthority();
        await using var stranger = await FakeEtcd.StartAsync(foreign);
        using var client = Client(stranger.Address);
        var refused = await Assert.ThrowsAsync<EtcdException>(
            () => client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default));
        Assert.IsType<AuthenticationException>(refused.InnerException?.InnerException);

        await using var etcd = await FakeEtcd.StartAsync(_authority);
        using var other = Client(new Uri($"https://localhost:{etcd.Address.Port}"));
        refused = await Assert.ThrowsAsync<EtcdException>(
            () => other.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default));
        Assert.IsType<AuthenticationException>(refused.InnerException?.InnerException);
        Assert.Empty(stranger.Calls);
        Assert.Empty(etcd.Calls);
    }

    [Fact]
    public async Task Client_of_another_authority_should_be_refused_by_the_server()
    {
        using var foreign = new EtcdAuthority();
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        var (certificate, key) = foreign.Issue("stranger");
        using var client = Client(EtcdTls.Load(_authority.Authority, certificate, key), etcd.Address);
        var refused = await Assert.ThrowsAsync<EtcdException>(
            () => client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default));
        Assert.Equal(EtcdFailure.Unavailable, refused.Failure);
        Assert.Empty(etcd.Calls);
    }

    [Fact]
    public void Key_that_others_may_read_or_of_another_certificate_should_be_refused()
    {
        var (certificate, key) = _authority.Issue("a");
        var (_, other) = _authority.Issue("b");
        Assert.Throws<InstallationKeyException>(() => EtcdTls.Load(_authority.Authority, certificate, other));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var refused = Assert.Throws<InstallationKeyException>(() => EtcdTls.Load(_authority.Authority, certificate, key));
        Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
        Assert.Throws<InstallationKeyException>(() => EtcdTls.Load(_authority.Authority, certificate, certificate + ".none"));
    }

    [Fact]
    public async Task Caller_who_gives_up_should_see_that_and_no_failure_of_etcd()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        var (asked, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        etcd.Before = (_, _) =>
        {
            asked.TrySetResult();
            return never.Task;
        };
        using var client = Client(etcd.Address);
        using var gone = new CancellationTokenSource();
        var read = client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, gone.Token);
        await asked.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task Watch_should_go_on_from_its_revision_and_end_with_the_server()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        using var client = Client(etcd.Address);
        etcd.Store.Put(Key, Key);
        await using var watch = client.WatchAsync(new WatchCreate { Key = Key, StartRevision = 2 }, default).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.True(watch.Current.Created);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(2, Assert.Single(watch.Current.Events).Kv.ModRevision);
        etcd.Store.Put(Key, Key);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(3, Assert.Single(watch.Current.Events).Kv.ModRevision);
        var next = watch.MoveNextAsync();
        await etcd.StopAsync();
        Assert.Equal(EtcdFailure.Unavailable, (await Assert.ThrowsAsync<EtcdException>(async () => await next)).Failure);
    }

    [Fact]
    public async Task Watch_that_breaks_while_it_is_given_up_should_end_as_given_up()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        using var client = Client(etcd.Address);
        using var giveUp = new CancellationTokenSource();
        var watch = client.WatchAsync(new WatchCreate { Key = Key, StartRevision = 2 }, giveUp.Token).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        var next = watch.MoveNextAsync().AsTask();
        // Runs before what the client registered, so the token is cancelled already, and the client does not act on it yet.
        giveUp.Token.Register(() =>
        {
            etcd.CutWatches();
            ((IAsyncResult)next).AsyncWaitHandle.WaitOne(Patience.Limit);
        });
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    [Fact]
    public async Task Call_that_breaks_while_it_is_given_up_should_end_as_given_up()
    {
        await using var etcd = await FakeEtcd.StartAsync(_authority);
        using var client = Client(etcd.Address);
        using var giveUp = new CancellationTokenSource();
        var (arrived, cut) = (new TaskCompletionSource(), new TaskCompletionSource());
        etcd.Before = async (_, context) =>
        {
            arrived.SetResult();
            await cut.Task;
            context.Abort();
        };
        var call = client.CallAsync(EtcdMethods.Put, new PutRequest { Key = Key }, giveUp.Token);
        await arrived.Task;
        giveUp.Token.Register(() =>
        {
            cut.SetResult();
            ((IAsyncResult)call).AsyncWaitHandle.WaitOne(Patience.Limit);
        });
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Watch_at_an_endpoint_that_a_call_has_left_should_end()
    {
        await using var hanging = await FakeEtcd.StartAsync(_authority);
        await using var etcd = await FakeEtcd.StartAsync(_authority, hanging.Store);
        using var client = Client(hanging.Address, etcd.Address);
        await using var watch = client.WatchAsync(new WatchCreate { Key = Key, StartRevision = 2 }, default).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        hanging.Before = static (_, context) => FakeEtcd.FailAsync(context, 14, "etcdserver: no leader");
        var next = watch.MoveNextAsync();
        await client.CallAsync(EtcdMethods.Range, new RangeRequest { Key = Key }, default);
        Assert.Equal(EtcdFailure.Unavailable, (await Assert.ThrowsAsync<EtcdException>(async () => await next)).Failure);
        await using var again = client.WatchAsync(new WatchCreate { Key = Key, StartRevision = 2 }, default).GetAsyncEnumerator();
        Assert.True(await again.MoveNextAsync());
        Assert.Equal(["Range", "Watch"], etcd.Calls);
    }

    [Fact]
    public async Task Frames_should_be_read_back_as_they_were_written_whatever_the_pieces()
    {
        var message = new PutRequest { Key = ByteString.CopyFrom(new byte[300]), Lease = -1 };
        using var stream = new MemoryStream([.. GrpcFrame.Write(message), .. GrpcFrame.Write(new PutRequest())]);
        Assert.Equal(message, PutRequest.Parser.ParseFrom(await GrpcFrame.ReadAsync(stream, 1000, default)));
        Assert.Empty((await GrpcFrame.ReadAsync(stream, 0, default))!);
        Assert.Null(await GrpcFrame.ReadAsync(stream, 1000, default));
    }

    public void Dispose() => _authority.Dispose();

    private EtcdClient Client(params Uri[] endpoints) => Client(_authority.Client(), endpoints);

    private static EtcdClient Client(EtcdTls tls, params Uri[] endpoints) =>
        new(
            new EtcdClientOptions(endpoints) { AttemptTimeout = Patience.Limit, ConnectTimeout = Patience.Limit }, tls, new SteadyTime());
}
