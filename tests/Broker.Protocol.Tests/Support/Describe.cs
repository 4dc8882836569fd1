using System.Collections;
using System.Globalization;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Tests.Support;

/// <summary>A text of every property of a record, for comparing values whose members are lists and memory.</summary>
internal static class Describe
{
    public static string Value(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        ReadOnlyMemory<byte> memory => Convert.ToHexStringLower(memory.Span),
        PublicKey key => Convert.ToHexStringLower(key.Bytes.Span),
        DateTimeOffset time => time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        Name or Digest or Id16 or Enum or IFormattable => value.ToString()!,
        IEnumerable items => "[" + string.Join(", ", items.Cast<object>().Select(Value)) + "]",
        _ => value.GetType().Name + "{" +
            string.Join(", ", value.GetType().GetProperties().Where(p => !p.GetMethod!.IsStatic)
                .Select(p => p.Name + "=" + Value(p.GetValue(value)))) + "}",
    };
}
