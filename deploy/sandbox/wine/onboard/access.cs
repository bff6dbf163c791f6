// Wine keeps no access lists: it makes them up from Unix modes. This stands in front of the type through which .NET reads and writes
// them, in PowerShell only, and keeps what was written by the file's number. Nobody is kept out by them.
using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.AccessControl;

internal class StartupHook
{
    // Called by .NET before Main of every program with DOTNET_STARTUP_HOOKS
    public static void Initialize()
    {
        Assembly engine;
        try { engine = Assembly.Load("System.Management.Automation"); } catch (IOException) { return; }
        Type accelerators = engine.GetType("System.Management.Automation.TypeAccelerators");
        accelerators.GetMethod("Add").Invoke(null, new object[] { "System.IO.FileSystemAclExtensions", typeof(KeptAccess) });
    }
}

public static class KeptAccess
{
    const string Store = @"C:\windows\sandbox\access";

    [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    static extern IntPtr CreateFileW(string name, uint access, uint share, IntPtr security, uint how, uint flags, IntPtr template);
    [DllImport("kernel32.dll", SetLastError = true)]
    static extern bool GetFileInformationByHandle(IntPtr file, byte[] information);
    [DllImport("kernel32.dll")]
    static extern bool CloseHandle(IntPtr handle);

    static string Place(string path)
    {
        IntPtr file = CreateFileW(path, 0, 7, IntPtr.Zero, 3, 0x02000000, IntPtr.Zero);
        if (file == new IntPtr(-1)) throw new FileNotFoundException("Could not find file '" + path + "'.", path);
        byte[] information = new byte[52];
        bool known = GetFileInformationByHandle(file, information);
        CloseHandle(file);
        if (!known) throw new IOException("The number of '" + path + "' is not known.");
        return Path.Combine(Store, BitConverter.ToUInt32(information, 44).ToString("x8") + BitConverter.ToUInt32(information, 48).ToString("x8"));
    }

    static T Read<T>(string path, T kept, Func<T> made) where T : FileSystemSecurity
    {
        string place = Place(path);
        if (!File.Exists(place)) return made();
        kept.SetSecurityDescriptorSddlForm(File.ReadAllText(place));
        return kept;
    }

    static void Write(string path, FileSystemSecurity security)
    {
        Directory.CreateDirectory(Store);
        string place = Place(path);
        string beside = place + "." + Guid.NewGuid().ToString("N");
        File.WriteAllText(beside, security.GetSecurityDescriptorSddlForm(AccessControlSections.Access));
        File.Copy(beside, place, true);
        File.Delete(beside);
    }

    public static DirectorySecurity GetAccessControl(DirectoryInfo folder) { return GetAccessControl(folder, AccessControlSections.Access); }
    public static FileSecurity GetAccessControl(FileInfo file) { return GetAccessControl(file, AccessControlSections.Access); }

    public static DirectorySecurity GetAccessControl(DirectoryInfo folder, AccessControlSections sections)
    {
        return Read(folder.FullName, new DirectorySecurity(), delegate { return FileSystemAclExtensions.GetAccessControl(folder, sections); });
    }

    public static FileSecurity GetAccessControl(FileInfo file, AccessControlSections sections)
    {
        return Read(file.FullName, new FileSecurity(), delegate { return FileSystemAclExtensions.GetAccessControl(file, sections); });
    }

    public static void SetAccessControl(DirectoryInfo folder, DirectorySecurity security) { Write(folder.FullName, security); }
    public static void SetAccessControl(FileInfo file, FileSecurity security) { Write(file.FullName, security); }
}
