using System.Text.Json;

namespace Broker.Configuration.Tests;

/// <summary>Reads text and shows what came of it.</summary>
internal static class Hocon
{
    public static HoconDocument Read(string text, params (string Name, string Value)[] environment) =>
        HoconDocument.Parse(text, "test.conf", name => environment.FirstOrDefault(pair => pair.Name == name).Value);

    /// <summary>The document as compact JSON, with single quotes for readable expectations.</summary>
    public static string Json(string text, params (string Name, string Value)[] environment) => Json(Read(text, environment).Root);

    public static string Json(HoconValue? value) => value switch
    {
        null => "nothing",
        HoconObject o => "{" + string.Join(',', o.Fields.Select(field => $"'{field.Key}':{Json(field.Value)}")) + "}",
        HoconArray a => "[" + string.Join(',', a.Items.Select(Json)) + "]",
        HoconScalar { Kind: HoconKind.Text } s => "'" + JsonSerializer.Serialize(s.Text)[1..^1] + "'",
        HoconScalar s => s.Text,
        _ => "?",
    };

    /// <summary>The errors of a text, one a line.</summary>
    public static string Errors(string text, params (string Name, string Value)[] environment) =>
        Assert.Throws<HoconException>(() => Read(text, environment)).Message;

    public static string Errors(string text, HoconLimits limits) =>
        Assert.Throws<HoconException>(() => HoconDocument.Parse(text, "test.conf", limits: limits)).Message;
}
