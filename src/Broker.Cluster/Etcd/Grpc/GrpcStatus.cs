using System.Globalization;
using System.Net.Http.Headers;

namespace Broker.Cluster.Etcd.Grpc;

/// <summary>The end of a gRPC call: a code and a text, in the trailers, or in the headers where nothing else comes.</summary>
internal static class GrpcStatus
{
    private const string CodeHeader = "grpc-status";
    private const string TextHeader = "grpc-message";
    private const int MaxText = 200;

    /// <summary>The error that a call ended with, or null when it went well.</summary>
    /// <param name="response">Read to its end, so that its trailers are there.</param>
    public static EtcdException? Failure(HttpResponseMessage response)
    {
        var end = response.Headers.Contains(CodeHeader) ? response.Headers : response.TrailingHeaders;
        return Find(end, CodeHeader) switch
        {
            "0" => null,
            { } text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) =>
                Of(code, Plain(Find(end, TextHeader))),
            _ => new EtcdException(EtcdFailure.Malformed, mayHaveHappened: true, "the answer of etcd has no status"),
        };
    }

    // The numbers are gRPC's. What etcd refuses before it acts is told apart from what it may have begun.
    private static EtcdException Of(int code, string text)
    {
        var (failure, mayHaveHappened) = code switch
        {
            4 or 14 => (EtcdFailure.Unavailable, true),
            1 or 2 or 13 or 15 => (EtcdFailure.Unavailable, true),
            5 => (EtcdFailure.NotFound, false),
            11 => (EtcdFailure.OutOfRange, false),
            7 or 16 => (EtcdFailure.Denied, false),
            8 => (EtcdFailure.Full, false),
            _ => (EtcdFailure.Refused, false),
        };
        return new EtcdException(failure, mayHaveHappened, string.Create(CultureInfo.InvariantCulture, $"etcd: code {code}: {text}"));
    }

    private static string? Find(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    // It reaches logs and terminals.
    private static string Plain(string? text) =>
        string.Concat((text ?? "").Take(MaxText).Select(static c => c is >= ' ' and <= '~' ? c : '?'));
}
