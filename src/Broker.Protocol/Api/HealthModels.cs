using System.Text.Json.Serialization;

namespace Broker.Protocol.Api;

/// <summary>State of a node: GET /health/live, and /health/ready with the conditions that readiness depends on.</summary>
/// <param name="Status"><c>live</c>; or <c>starting</c>, <c>ready</c>, <c>not-ready</c> or <c>stopping</c>.</param>
/// <param name="Conditions">By name; none for /health/live.</param>
/// <param name="Gauges">Numbers to watch, by name, such as <c>secret-bytes</c>; left out where there are none.</param>
public sealed record HealthModel(
    string Status,
    IReadOnlyList<HealthConditionModel> Conditions,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, long>? Gauges = null);

/// <summary>One thing that a node's readiness depends on.</summary>
/// <param name="Name">For instance <c>zone</c>, <c>store</c>.</param>
/// <param name="Good">Whether the node can do its work as far as this goes.</param>
/// <param name="Detail">For people: what is not good, or empty.</param>
public sealed record HealthConditionModel(string Name, bool Good, string Detail);
