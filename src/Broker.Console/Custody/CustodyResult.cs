using Broker.Console.Customers;
using Broker.Console.Shell;
using Broker.Protocol.Custody;

namespace Broker.Console.Custody;

/// <summary>Result of <c>customer custody</c> and <c>customer rotate</c>.</summary>
internal sealed record CustodyResult(
    string Customer, uint Epoch, uint Revision, uint AdministratorsRequired, string IdentityFingerprint, IReadOnlyList<string> Ways,
    IReadOnlyList<string> Files)
{
    public static CustodyResult Of(CustodyRecord record, IReadOnlyList<string> files) => new(
        record.Customer.Value, record.Epoch, record.Revision, record.AdministratorsRequired, record.Identity.Fingerprint.ToString(),
        [.. record.Ways.Select(static w => WayText.Of(w.Way))], files);

    public void Print(CommandContext context, Action<TextWriter>? more = null) =>
        context.Print(this, ConsoleJson.Default.CustodyResult, o =>
    {
        o.WriteLine(
            $"custody of {Customer}: epoch {Epoch}, revision {Revision}, {AdministratorsRequired} administrators for what is grave");
        o.WriteLine($"identity  {IdentityFingerprint}");
        foreach (var way in Ways)
            o.WriteLine($"way       {way}");
        foreach (var file in Files)
            o.WriteLine($"file      {file}");
        more?.Invoke(o);
    });
}
