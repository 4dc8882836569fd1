using System.Text;
using Broker.Agent.Processes;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Uses;

/// <summary>
/// Replaces <c>{file:CREDENTIAL}</c> in a command's arguments and environment by the path under which the child finds that
/// credential. Each credential gets one descriptor, however often it is named, counted from 3 in the order of first appearance.
/// </summary>
internal sealed class Placeholders
{
    private const string Open = "{file:";

    private readonly List<Name> _credentials = [];

    /// <summary>The credentials that were named so far.</summary>
    internal IReadOnlyList<Name> Credentials => _credentials;

    /// <summary>Replaces all placeholders of one text.</summary>
    /// <param name="text">The text of the configuration.</param>
    /// <param name="filled">The text with paths.</param>
    /// <returns>What is wrong, or null.</returns>
    internal string? Fill(string text, out string filled)
    {
        var result = new StringBuilder();
        var at = 0;
        for (int begin; (begin = text.IndexOf(Open, at, StringComparison.Ordinal)) >= 0;)
        {
            filled = text;
            var end = text.IndexOf('}', begin);
            if (end < 0)
                return "has a placeholder without its closing brace; write {file:CREDENTIAL}";
            if (!Name.TryParse(text[(begin + Open.Length)..end], out var credential))
                return "has a placeholder that names no credential; write {file:CREDENTIAL} with 1 to 63 of a-z, 0-9 and -";

            result.Append(text, at, begin - at).Append("/proc/self/fd/").Append(DescriptorOf(credential));
            at = end + 1;
        }

        filled = result.Append(text, at, text.Length - at).ToString();
        return null;
    }

    private int DescriptorOf(Name credential)
    {
        var index = _credentials.IndexOf(credential);
        if (index < 0)
        {
            index = _credentials.Count;
            _credentials.Add(credential);
        }

        return Command.FirstDescriptor + index;
    }
}
