using Broker.Cluster.Etcd.Wire;
using Google.Protobuf;

namespace Broker.Cluster.Etcd;

/// <summary>A method of etcd.</summary>
/// <typeparam name="TRequest">The request's message.</typeparam>
/// <typeparam name="TReply">The reply's message.</typeparam>
/// <param name="Path">The path that gRPC makes of service and method.</param>
/// <param name="ReplyParser">Reads replies.</param>
/// <param name="IsRepeatable">Done twice is as good as done once, so it is asked again elsewhere even where it may have arrived.</param>
internal sealed record EtcdMethod<TRequest, TReply>(string Path, MessageParser<TReply> ReplyParser, bool IsRepeatable)
    where TRequest : IMessage<TRequest>, new()
    where TReply : IMessage<TReply>, new();

/// <summary>The methods that are used.</summary>
internal static class EtcdMethods
{
    public static readonly EtcdMethod<RangeRequest, RangeReply> Range = new("/etcdserverpb.KV/Range", RangeReply.Parser, true);

    public static readonly EtcdMethod<PutRequest, PutReply> Put = new("/etcdserverpb.KV/Put", PutReply.Parser, false);

    public static readonly EtcdMethod<DeleteRequest, DeleteReply> Delete = new("/etcdserverpb.KV/DeleteRange", DeleteReply.Parser, false);

    public static readonly EtcdMethod<TxnRequest, TxnReply> Txn = new("/etcdserverpb.KV/Txn", TxnReply.Parser, false);

    /// <summary>A lease that was granted to nobody's knowledge holds nothing and ends by itself.</summary>
    public static readonly EtcdMethod<GrantRequest, GrantReply> Grant = new("/etcdserverpb.Lease/LeaseGrant", GrantReply.Parser, true);

    public static readonly EtcdMethod<RevokeRequest, RevokeReply> Revoke = new("/etcdserverpb.Lease/LeaseRevoke", RevokeReply.Parser, true);

    /// <summary>A stream in etcd's terms: here one request and its one answer.</summary>
    public static readonly EtcdMethod<KeepAliveRequest, KeepAliveReply> KeepAlive =
        new("/etcdserverpb.Lease/LeaseKeepAlive", KeepAliveReply.Parser, true);

    public static readonly EtcdMethod<WatchRequest, WatchReply> Watch = new("/etcdserverpb.Watch/Watch", WatchReply.Parser, true);

    public static readonly EtcdMethod<StatusRequest, StatusReply> Status =
        new("/etcdserverpb.Maintenance/Status", StatusReply.Parser, true);

    public static readonly EtcdMethod<AlarmRequest, AlarmReply> Alarm = new("/etcdserverpb.Maintenance/Alarm", AlarmReply.Parser, true);
}
