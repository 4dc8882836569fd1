using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;

namespace Broker.Console.Customers;

/// <summary>Writes what a node sealed to custodians and to the customer's keys: <c>NAME.share</c> and <c>NAME.wrap</c>.</summary>
internal static class CustodyFiles
{
    /// <summary>Writes the files.</summary>
    /// <param name="record">The custody record, verified.</param>
    /// <param name="answer">What the node sealed.</param>
    /// <param name="directory">Where to; made with mode 0700.</param>
    /// <param name="again">Whether files of that name are replaced.</param>
    /// <param name="successions">Of a rotation: why a holder believes the new identity.</param>
    /// <returns>The paths of shares and of wraps.</returns>
    /// <exception cref="CommandException">A file is there already.</exception>
    public static (IReadOnlyList<string> Shares, IReadOnlyList<string> Wraps) Write(
        CustodyRecord record, EnrolledModel answer, string directory, bool again,
        IReadOnlyList<SignedModel>? successions = null)
    {
        Files.MakeDirectory(Path.GetDirectoryName(Path.GetFullPath(directory))!);
        Files.MakeDirectory(directory);
        string[] shares = [.. answer.Shares.Select(s => Write(
            Path.Combine(directory, $"{s.Custodian}.share"),
            Files.ToJson(ShareFile.Of(record, s.Index, s.Sealed) with { Successions = successions }, ConsoleJson.Default.ShareFile),
                again))];
        string[] wraps = [.. answer.Wraps.Select(w => Write(
            Path.Combine(directory, $"{w.Way}.wrap"),
                Files.ToJson(WrapFile.Of(record, w) with { Successions = successions }, ConsoleJson.Default.WrapFile), again))];
        return (shares, wraps);
    }

    private static string Write(string path, byte[] bytes, bool again)
    {
        if (again)
            Files.Replace(path, bytes);
        else
            Files.Create(path, bytes);
        return path;
    }
}
