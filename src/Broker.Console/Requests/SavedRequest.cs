using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;

namespace Broker.Console.Requests;

/// <summary>
/// A signed request in a file, to be signed by others, or to be sent again. Where it is sent follows from what was signed, not from
/// the file.
/// </summary>
/// <param name="Format">Always <see cref="Version1"/>.</param>
/// <param name="Request">The request.</param>
/// <param name="Upload">The sealed credential of a put.</param>
internal sealed record SavedRequest(string Format, SignedRequestModel Request, byte[]? Upload)
{
    public const string Version1 = "broker-request/1";

    public static SavedRequest Of(SignedRequest request, byte[]? upload) => new(Version1, SignedRequestModel.From(request), upload);

    /// <summary>Reads a file and checks that it is one whole request.</summary>
    public static (SavedRequest Saved, SignedRequest Signed, Request Request) Load(string path)
    {
        var saved = Files.ReadJson(path, ConsoleJson.Default.SavedRequest);
        try
        {
            var signed = saved.Request.ToRequest();
            var request = Protocol.Statements.Statement.Read<Request>(signed.Statement.Span);
            if (saved.Format == Version1 && request.Payload == Protocol.Identifiers.Digest.Of(signed.Payload.Span))
                return (saved, signed, request);
        }
        catch (MalformedException)
        {
            // Said below: whatever part is wrong, the file is of no use.
        }

        throw CommandException.Usage($"{path} is not a signed request, or was altered");
    }

    public void Create(string path) => Files.Create(path, Files.ToJson(this, ConsoleJson.Default.SavedRequest));

    public void Replace(string path) => Files.Replace(path, Files.ToJson(this, ConsoleJson.Default.SavedRequest));
}
