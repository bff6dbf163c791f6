// A stand-in for one trading service on Windows itself, built where the tests run: C# 5 and .NET Framework only, since that is
// what Windows brings. Configuration: appsettings.json beside the program, or --config PATH; --console: no service.
// version.txt beside the program names the release; faults.json beside it spoils a release.
using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Security.Cryptography;
using System.ServiceProcess;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;

[DataContract]
public sealed class Faults
{
    [DataMember(Name = "crashOnStart")] public bool CrashOnStart { get; set; }
    [DataMember(Name = "hangOnStart")] public bool HangOnStart { get; set; }
    [DataMember(Name = "hangOnStop")] public bool HangOnStop { get; set; }
    [DataMember(Name = "unhealthy")] public bool Unhealthy { get; set; }
    [DataMember(Name = "crashAfterSeconds")] public double CrashAfterSeconds { get; set; }
}

[DataContract]
public sealed class Settings
{
    [DataMember(Name = "service")] public string Service { get; set; }
    [DataMember(Name = "bind")] public string Bind { get; set; }
    [DataMember(Name = "port")] public int Port { get; set; }
    [DataMember(Name = "singletonLock")] public string SingletonLock { get; set; }
    [DataMember(Name = "startDelaySeconds")] public double StartDelaySeconds { get; set; }
    [DataMember(Name = "stopDelaySeconds")] public double StopDelaySeconds { get; set; }
    [DataMember(Name = "faults")] public Faults Faults { get; set; }
    public string Version { get; set; }
    public string Build { get; set; }

    public static Settings Load(string program, string config)
    {
        string folder = Path.GetDirectoryName(program);
        Settings settings = Read<Settings>(config ?? Path.Combine(folder, "appsettings.json"));
        string faults = Path.Combine(folder, "faults.json");
        if (File.Exists(faults)) settings.Faults = Read<Faults>(faults);
        if (settings.Faults == null) settings.Faults = new Faults();
        settings.Version = File.ReadAllText(Path.Combine(folder, "version.txt")).Trim();
        using (SHA256 hash = SHA256.Create())
        using (FileStream file = File.OpenRead(program))
            settings.Build = BitConverter.ToString(hash.ComputeHash(file)).Replace("-", "").ToLowerInvariant();
        return settings;
    }

    private static T Read<T>(string path)
    {
        using (FileStream file = File.OpenRead(path)) return (T)new DataContractJsonSerializer(typeof(T)).ReadObject(file);
    }
}

public sealed class Application
{
    private readonly Settings settings;
    private readonly DateTime startedAt = DateTime.UtcNow;
    private readonly TcpListener listener;
    private FileStream singleton;
    private volatile bool ready, draining, stopping;

    public Application(Settings settings)
    {
        this.settings = settings;
        listener = new TcpListener(IPAddress.Parse(settings.Bind ?? "127.0.0.1"), settings.Port);
    }

    // Returns once it listens; throws when the port or the lock of the active instance is taken.
    public void Start()
    {
        if (settings.Faults.HangOnStart) Thread.Sleep(Timeout.Infinite);
        if (!string.IsNullOrEmpty(settings.SingletonLock))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(settings.SingletonLock));
            singleton = new FileStream(settings.SingletonLock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        listener.Start();
        InBackground(Accept);
        if (settings.StartDelaySeconds > 0) InBackground(delegate { Wait(settings.StartDelaySeconds); ready = true; });
        else ready = true;
        if (settings.Faults.CrashAfterSeconds > 0)
            InBackground(delegate { Wait(settings.Faults.CrashAfterSeconds); Process.GetCurrentProcess().Kill(); });
    }

    public void Stop()
    {
        draining = true;
        if (settings.Faults.HangOnStop) Thread.Sleep(Timeout.Infinite);
        Wait(settings.StopDelaySeconds);
        stopping = true;
        listener.Stop();
        if (singleton != null) singleton.Dispose();
    }

    private static void InBackground(ThreadStart work)
    {
        Thread thread = new Thread(work);
        thread.IsBackground = true;
        thread.Start();
    }

    private static void Wait(double seconds) { Thread.Sleep(TimeSpan.FromSeconds(seconds)); }

    private void Accept()
    {
        while (!stopping)
        {
            TcpClient client;
            try { client = listener.AcceptTcpClient(); }
            catch (SocketException) { return; }
            catch (ObjectDisposedException) { return; }
            InBackground(delegate { Serve(client); });
        }
    }

    private void Serve(TcpClient client)
    {
        try
        {
            using (client)
            using (NetworkStream stream = client.GetStream())
            {
                string asked = ReadHead(stream);
                string[] words = asked.Split(' ');
                if (words.Length < 2) return;
                Match key = Regex.Match(asked, "^Sec-WebSocket-Key: *(\\S+)", RegexOptions.IgnoreCase | RegexOptions.Multiline);
                if (words[1] == "/ws" && key.Success) { Upgrade(stream, key.Groups[1].Value); return; }
                string status, body;
                Answer(words[0], words[1].Split('?')[0], out status, out body);
                byte[] content = Encoding.UTF8.GetBytes(body + "\n");
                string head = "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: "
                    + content.Length.ToString(CultureInfo.InvariantCulture) + "\r\nConnection: close\r\n\r\n";
                byte[] sent = Encoding.ASCII.GetBytes(head);
                stream.Write(sent, 0, sent.Length);
                stream.Write(content, 0, content.Length);
            }
        }
        catch (IOException) { /* the client left */ }
    }

    // Agrees to speak WebSocket, and says goodbye at the first thing that the client says.
    private static void Upgrade(Stream stream, string key)
    {
        byte[] digest;
        using (SHA1 hash = SHA1.Create())
            digest = hash.ComputeHash(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
        byte[] head = Encoding.ASCII.GetBytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: " + Convert.ToBase64String(digest) + "\r\n\r\n");
        stream.Write(head, 0, head.Length);
        if (stream.Read(new byte[1024], 0, 1024) > 0) stream.Write(new byte[] { 0x88, 0 }, 0, 2);
    }

    private void Answer(string method, string path, out string status, out string body)
    {
        status = "200 OK";
        if (path == "/health")
        {
            bool healthy = ready && !settings.Faults.Unhealthy;
            if (!healthy) status = "503 Service Unavailable";
            body = Health(settings.Faults.Unhealthy ? "unhealthy" : ready ? "healthy" : "starting");
        }
        else if (method == "POST" && (path == "/drain" || path == "/resume"))
        {
            draining = path == "/drain";
            status = "202 Accepted";
            body = "{\"draining\":" + (draining ? "true" : "false") + "}";
        }
        else
        {
            status = "404 Not Found";
            body = "{\"error\":\"not found\"}";
        }
    }

    private string Health(string state)
    {
        return "{\"service\":" + Quoted(settings.Service) + ",\"version\":" + Quoted(settings.Version)
            + ",\"build\":" + Quoted(settings.Build) + ",\"status\":" + Quoted(state)
            + ",\"pid\":" + Process.GetCurrentProcess().Id.ToString(CultureInfo.InvariantCulture)
            + ",\"mode\":\"active\",\"draining\":" + (draining ? "true" : "false") + ",\"openOrders\":0"
            + ",\"startedAt\":" + Quoted(startedAt.ToString("O", CultureInfo.InvariantCulture)) + "}";
    }

    private static string Quoted(string text)
    {
        StringBuilder quoted = new StringBuilder("\"");
        foreach (char sign in text ?? "")
        {
            if (sign < ' ' || sign == '"' || sign == '\\' || sign > '~')
                quoted.Append("\\u").Append(((int)sign).ToString("x4", CultureInfo.InvariantCulture));
            else quoted.Append(sign);
        }
        return quoted.Append('"').ToString();
    }

    private static string ReadHead(Stream stream)
    {
        byte[] buffer = new byte[8192];
        int used = 0;
        while (used < buffer.Length)
        {
            int count = stream.Read(buffer, used, buffer.Length - used);
            if (count == 0) break;
            used += count;
            string text = Encoding.ASCII.GetString(buffer, 0, used);
            if (text.Contains("\r\n\r\n")) return text;
        }
        return "";
    }
}

public sealed class NativeService : ServiceBase
{
    private readonly Application application;

    public NativeService(Settings settings)
    {
        ServiceName = settings.Service;
        CanShutdown = true;
        application = new Application(settings);
    }

    protected override void OnStart(string[] arguments) { application.Start(); }

    protected override void OnStop()
    {
        RequestAdditionalTime(60000);
        application.Stop();
    }

    protected override void OnShutdown() { application.Stop(); }
}

public static class Program
{
    public static int Main(string[] arguments)
    {
        return Run(Process.GetCurrentProcess().MainModule.FileName, arguments);
    }

    // `program`: the file whose folder and hash count.
    public static int Run(string program, string[] arguments)
    {
        string config = null;
        bool console = false;
        for (int at = 0; at < arguments.Length; at++)
        {
            if (arguments[at] == "--config" && at + 1 < arguments.Length) config = arguments[at + 1];
            if (arguments[at] == "--console") console = true;
        }
        Settings settings = Settings.Load(program, config);
        if (settings.Faults.CrashOnStart) return 1;
        if (!console)
        {
            ServiceBase.Run(new NativeService(settings));
            return 0;
        }
        Application application = new Application(settings);
        application.Start();
        Console.In.ReadLine();
        application.Stop();
        return 0;
    }
}
