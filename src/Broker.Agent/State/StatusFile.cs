using System.Globalization;

namespace Broker.Agent.State;

/// <summary>How the running agent stands, for <c>broker-agent status</c>: lines of <c>key: value</c>, nothing secret.</summary>
internal sealed class StatusFile(StateDirectory directory, TimeProvider time)
{
    private const string FileName = "status";

    private string _last = "";

    /// <summary>Writes what has changed.</summary>
    /// <param name="session"><c>connecting</c>, <c>waiting-for-owner</c>, <c>live</c> or <c>stopped</c>.</param>
    /// <param name="loss">Why the last link was lost, or empty.</param>
    /// <param name="inUse">Hand-offs in use.</param>
    /// <param name="secretBytes">Live bytes of locked memory.</param>
    /// <returns>Whether there was a change.</returns>
    internal bool Write(string session, string loss, int inUse, long secretBytes)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture, $"session: {session}\nlast-loss: {loss}\nin-use: {inUse}\nsecret-bytes: {secretBytes}\n");
        if (text == _last)
            return false;

        _last = text;
        directory.Write(FileName, System.Text.Encoding.UTF8.GetBytes($"{text}since: {time.GetUtcNow():O}\n"));
        return true;
    }

    /// <summary>Reads what the last agent process wrote; null where none has run.</summary>
    internal static string? Read(StateDirectory directory) =>
        directory.Read(FileName) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;
}
